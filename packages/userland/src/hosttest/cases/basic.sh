echo hello world
x=5; echo "x is $x ${x}y" '$x' \$x
echo ${u:-def} ${u-def2} ${x:+alt} ${u:+no}end ${#x}
: ${v:=assigned}; echo $v
f=/usr/lib/foo.tar.gz; echo ${f##*/} ${f%.*} ${f%%.*} ${f#*/} "${f%"/foo"*}"
echo $((1+2*3)) $(( (1+2)*3 )) $((x*2)) $((x>3 ? 10 : 20)) $((1<<10)) $((-7/2)) $((-7%3)) $((0x1f)) $((010))
y=3; : $((y+=4)); echo $y $((!y)) $((1&&0)) $((1||0)) $((5&3|8^1))
echo $(echo inner $(echo nested)) `echo back \`echo tick\``
if true; then echo yes; else echo no; fi
if false; then echo yes; elif true; then echo elif; else echo no; fi
for i in a b "c d"; do echo "<$i>"; done
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done
until [ $i -eq 0 ]; do i=$((i-1)); done; echo $i
case foo.c in *.h) echo h;; *.c|*.cc) echo c;; *) echo other;; esac
case "a*b" in a\*b) echo lit;; esac
case x in (x) echo paren;; esac
f1() { echo "f1: $1 $# $*"; return 3; }
f1 a b c; echo $?
set -- one "two three" four
echo $# "$2"; for a in "$@"; do echo "[$a]"; done; for a in $*; do echo "($a)"; done; for a; do echo "{$a}"; done
echo "$*"; IFS=:; echo "$*"; unset IFS
shift; echo $1 $#
IFS=: ; p=a:b::c; for w in $p; do echo "<$w>"; done; IFS=' 	
'
echo a; (echo sub; exit 3); echo $?
{ echo group; echo two; } | cat
echo one | cat | tr a-z A-Z 2>/dev/null || echo ONE
true && echo and || echo or
false && echo and || echo or
! true; echo $?
! false; echo $?
cat <<EOF
here $x $(echo cmd) \$x "quoted" `echo bt`
	tab ${u:-"q"}
EOF
cat <<'EOF'
raw $x $(echo cmd)
EOF
cat <<-EOF
	stripped $x
	EOF
cat <<A; cat <<B
first
A
second
B
echo "a\"b" 'c"d' "e'f" "g\\h" "i\j" "$"
echo "multi
line"
echo a\
b
# comment
echo not#comment # comment
eval 'echo eval $x'; eval "z=9"; echo $z
x=tmp env_test=1 sh -c 'echo $env_test'; echo "x=$x"
export E=exported; sh -c 'echo $E'
readonly R=1; (R=2; echo not) 2>/dev/null; echo "r $?"
unset x; echo "[${x-unset}]"
break_test() { for i in 1 2 3; do for j in 1 2 3; do [ $j = 2 ] && continue 2; [ $i = 3 ] && break 2; echo $i$j; done; done; }
break_test
echo "${1:?}" ; (echo ${nope:?message}) 2>/dev/null; echo $?
echo ~root | head -c 1 > /dev/null; echo "~"; a=~; echo ${a:+home}
trap 'echo bye' EXIT
(trap 'echo subbye' EXIT; echo in)
echo "$(trap)"
printf '%s-%d|%5s|%-5s|%05d|%x|%c\n' abc 42 ab cd 7 255 zed
printf '%s\n' a b c; printf 'no newline'; echo
printf '%b' 'x\ty\n'
echo $? $#
x='a  b   c'; echo $x; echo "$x"
set -- $x; echo $#
e=''; set -- $e "" ''; echo $#
set -- "$@"; echo $#
set --; set -- "$@"; echo $#
set -- a"$@"b; echo $# $1
echo "${x#a }" "${x%% *}" ${x+set}
v='*'; echo "$v" '*' \*
case $v in '*') echo star;; esac
case abc in [a-c]b[!x]) echo br;; esac
test 1 -lt 2 -a 3 -gt 2 && echo t1; [ ! -f /nonexistent ] && echo t2; [ "a" = "b" ] || echo t3; [ -n "" ] ; echo $?
[ \( 1 = 1 \) -a x = x ] && echo t4; [ ! ]; echo $?; [ ! x ]; echo $?; [ -d / -a -r / ] && echo t5
echo $((1+1
+1))
read a b <<X
one two three
X
echo "$a|$b"
printf 'l1\nl2\n' | while read l; do echo "got $l"; done
while read -r l; do printf "%s\n" "r:$l"; done <<X
a\b
 lead trail 
X
command echo cmd; command -v echo; type cd
wait; umask 022; umask
getopts ab: o -a -b val; echo $o; getopts ab: o -a -b val; echo $o $OPTARG $OPTIND
echo x >/dev/null 2>&1; echo done
exec 3>/tmp/ht_exec3; echo to3 >&3; exec 3>&-; cat /tmp/ht_exec3; rm -f /tmp/ht_exec3
(echo err >&2) 2>&1
g() { local lv=in; echo $lv; }; lv=out; g; echo $lv
h() ( echo subshell fn; exit 4 ); h; echo $?
nosuchcommand_x 2>/dev/null; echo $?
/ 2>/dev/null; echo $?
sh -c 'exit 7'; echo $?
sh -c 'kill -9 $$' 2>/dev/null; echo $?
sleep 0 & wait $!; echo w$?
(exit 5) & wait $!; echo w$?
echo ${#1} ${x:-$(echo sub)} "${nov:-a b}" ${nov:-a b}
echo "$(cat <<Q
in sub
Q
)"
echo $(case x in x) echo incase;; esac)
echo "a$(echo "b c")d" "${v:-"$(echo '}')"}"
a=1 b=2; echo $a$b
set -e; true; false || true; if false; then :; fi; set +e
sh -ec 'false; echo not'; echo $?
sh -uc 'echo $undefined_x' 2>/dev/null; echo $?
sh -c 'echo $0 $1 $2' zero one two
: > /tmp/ht_e; echo app >> /tmp/ht_e; echo app2 >> /tmp/ht_e; cat < /tmp/ht_e; rm /tmp/ht_e
if [ 1 = 1 ]
then
  echo nl
fi
for x in 1 2
do
  echo $x
done
while :; do break; done; echo after
false | true; echo $?
true | false; echo $?
x=$(false); echo $?
x=$(exit 3) ; echo $?
echo "last $_x"
