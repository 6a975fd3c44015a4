# quoting and splitting
a='x y'; set -- $a"$a"; echo $# "$1" "$2"
b=' lead  trail '; set -- $b; echo $#; set -- x${b}y; echo $# "$1" "$2" "$3" "$4"
IFS=,; v='a,,b,'; set -- $v; echo $#; IFS=' 	
'
echo "a'b" 'a"b' "a\`b" "a\$b" 'it'\''s'
echo "${a}" ${a:-"q r"} "${n:-q r}" "${n-}" ${n:-}
set -- ${n:-a b} "${n:-a b}"; echo $#
printf '%s\n' \\ \" \' \  end
x="a
b"; echo "$x"; echo $x
set -- "" a; echo "$#" "${1:-empty}" "${1-unset}"
echo ${x+"set  it"} "${x+"set  it"}"
echo "$@" | wc -w | tr -d ' '
# patterns
f=a.b.c; echo ${f#*.} ${f##*.} ${f%.*} ${f%%.*} ${f#"a."} ${f%[bc]} ${f#?}
p='*.c'; case x.c in $p) echo match;; esac; case x.c in "$p") echo no;; *) echo quoted;; esac
case '[a]' in \[a\]) echo br;; esac; case a] in [a]]) echo br2;; esac; case - in [a-]) echo dash;; esac
case abc in a*|b*) echo first;; *) echo none;; esac; case "" in "") echo empty;; esac
case x in y) ;; esac; echo $?
case x in x) false;; esac; echo $?
# arithmetic
i=5; echo $(( i * (2 + 3) % 7 ))
echo $((2>1 && 3<2)) $((!0)) $((~5)) $((-3 - -2)) $((5 - 3 - 1)) $((2*3+4*5)) $((1 ? 2 : 3 ? 4 : 5)) $((7 & 3)) $((1 << 3 | 1))
n=3; echo $((n*n)) $(($n+1)) $((${n}2)) $((0x10 + 010))
echo $((10/3)) $((-10/3)) $((10%3)) $((1==1)) $((1!=1)) $((2>=2)) $((3<=2))
# functions
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(($1 - 1))) )); fi; }
fact 6
early() { echo a; return 2; echo b; }; early; echo $?
args() { shift; echo "$1" $#; }; args 1 2 3;
nested() { inner() { echo inner $1; }; inner x; }; nested; inner y
redirected() { echo to; } > /tmp/ht_rf; redirected; cat /tmp/ht_rf; rm /tmp/ht_rf
loopf() { for i; do [ $i = 2 ] && return 7; echo $i; done; }; loopf 1 2 3; echo $?
# redirections
{ echo out; echo err >&2; } > /tmp/ht_o 2>&1; cat /tmp/ht_o
{ echo out; echo err >&2; } 2>/dev/null > /tmp/ht_o; cat /tmp/ht_o
exec 4</tmp/ht_o; read l <&4; echo "4: $l"; exec 4<&-
while read l; do echo "w $l"; done < /tmp/ht_o
for i in 1 2; do echo $i; done > /tmp/ht_o; cat /tmp/ht_o
if true; then echo if; fi > /tmp/ht_o; cat /tmp/ht_o
(echo no > /nonexistent/x) 2>/dev/null; echo st $?
cat < /nonexistent 2>/dev/null; echo st $?
(cd / && pwd); (exit 9); echo $?
echo a > /tmp/ht_o; echo b >> /tmp/ht_o; cat /tmp/ht_o /tmp/ht_o | wc -l | tr -d ' '
cat <<E1 <<E2
one
E1
two
E2
cat <<E; echo after
$((1+1)) ${a} \$a `echo bq` "dq" \\ \x
E
cat <<"E"
$a \ `x`
E
f() { cat <<E
in function $1
E
}; f arg
rm -f /tmp/ht_o
# control
for i in 1 2 3 4; do case $i in 2) continue;; 4) break;; esac; echo $i; done
i=0; while :; do i=$((i+1)); if [ $i -gt 3 ]; then break; fi; done; echo $i
while false; do :; done; echo $?
until true; do :; done; echo $?
for i in; do echo no; done; echo $?
true && { false || echo grouped; }; false || true && echo chain
! false && echo neg; ! { true; }; echo $?
if ! false; then echo ifneg; fi
(set -e; false; echo no); echo $?
(set -e; if false; then :; fi; false && true; ! true; echo yes); echo $?
(set -e; f() { false; echo inf; }; f || echo caught); echo $?
set -u; (echo ${undefd-ok}); (echo $undefd) 2>/dev/null; echo $?; set +u
set -f; echo *; set +f
# substitution
echo "$(printf 'a\n\n\n')b" "$(echo 'a  b')" $(echo 'a  b')
echo $(echo $(echo $(echo deep)))
echo "`echo "a b"`" `echo \$HOME | wc -c | tr -d ' '`
v=$(exit 4); echo $?; v=$(echo x; exit 5) || echo "st $? $v"
echo "$(case a in (a) echo paren;; esac)" "$(# comment )
echo c)"
x=$(cat <<E
heredoc in sub
E
); echo "$x"
echo $(echo ')') "$(echo "(")"
# misc builtins
type true >/dev/null; echo $?; type nosuch_x >/dev/null 2>&1; echo $?
test -z "" -a -n x; echo $?; [ a != b -o a = b ]; echo $?; [ 3 -eq 03 ]; echo $?; test; echo $?; [ -f ]; echo $?; [ ! -f x -a y ]; echo $?
unset a; echo ${a-gone}; a=1; unset -v a; echo ${a-gone}; unset -f fact; fact 2>/dev/null; echo $?
export A1=x; env | grep '^A1='; A1=y env | grep '^A1='; echo $A1
readonly RO=1; echo $RO
umask 027; umask; umask 022
set -- a b c; shift 2; echo $1; set -- -x y; echo $1
eval "echo \$1"; eval; echo $?
cat > /tmp/ht_dot <<E
sourced=yes; return 3
E
. /tmp/ht_dot; echo $? $sourced; rm /tmp/ht_dot
trap 'echo int' INT; kill -INT $$; trap - INT; echo after int
(trap 'echo exit1' EXIT; exit 3); echo $?
sh -c 'trap "echo t; exit 5" TERM; kill -TERM $$; echo no'; echo $?
sh -c 'echo "$@"' x a b; sh -c 'exit'; echo $?; echo 'echo from stdin $1' | sh -s arg
printf 'echo one\ncat\nraw line\n' | sh
printf 'read x\nhello\necho got $x\n' | sh
wait 99999; echo $?; sleep 0.2 & p=$!; kill $p; wait $p; echo $?
{ sleep 0; echo bg; } & wait
echo "a b" | { read x y; echo "$y $x"; }
printf 'a:b:c\n' | { IFS=: read x y; echo "$x $y"; }
printf '  a b  \n' | { read x; echo "[$x]"; }; printf 'a\\\nb\n' | { read x; echo "[$x]"; }
printf '%s %s\n' 1 2 3; printf '%d%%\n' 5; printf '%s|%10s|%-10s|\n' a b c; printf '\101\n'; printf "%03d %+d %x %X %o\n" 5 5 255 255 8
echo -n nonl; echo; set -- $(seq 1 100); echo $# ${100}
a=1 b=$a; echo "$b"; a=2; echo $a$b
alias greet='echo hello'
greet world
(ulimit_x=1; echo $ulimit_x) ; echo "${ulimit_x-none}"
sh -c 'if' 2>/dev/null; echo $?; sh -c 'echo "' 2>/dev/null; echo $?; sh -c ')' 2>/dev/null; echo $?
false; s=$?; echo $s; s=$(exit 3); echo $? $s.; s=$?; echo $s; $(false); echo $?; $none; echo $?; (exit 4); a=$?; echo $? $a
PATH=/nonexistent; nosuchcmd 2>/dev/null; echo $?
