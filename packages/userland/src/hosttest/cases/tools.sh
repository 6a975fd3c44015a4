printf 'b 2\na 10\nc 1\na 9\n' > f; sort f; sort -n -k2 f; sort -r f; sort -u -k1,1 f; sort -t' ' -k2,2nr f; printf '1.5\n-2\n10\n1.25\n' | sort -n
grep -n a f; grep -v a f; grep -c a f; grep -E '^(a|b) [0-9]+$' f; grep -o '[0-9]*' f; grep -i A f; grep -w 10 f; grep -q zz f; echo $?
echo 'foo.bar(baz)' | grep -o 'b[a-z]*'; echo aaa | grep -E '^a{2,3}$'; echo abcabc | grep '\(abc\)\1'; echo 'x+y' | grep 'x+y'; echo 'a|b' | grep 'a|b'; echo 'ab' | grep -E '(a|ab)(c|b)?$'
printf 'one\ntwo\nthree\nfour\n' > g; head -n 2 g; tail -n 2 g; tail -1 g; head -c 5 g; echo; tail -c 5 g; tail -n +3 g; wc g; wc -l < g; wc -c g f
cut -d' ' -f1 f; cut -c1-2 g; tr a-z A-Z < g; tr -d o < g; echo aabbcc | tr -s ab; echo hello | tr '[:lower:]' '[:upper:]'; tr -cd 'a-z\n' < f
uniq -c <<X
a
a
b
X
cksum g; cmp g f; echo $?; cmp g g; echo $?
expr 1 + 2 \* 3; expr abc : 'a\(.\)c'; expr length hello; expr 5 \> 3; expr 0; echo $?; expr a = b; echo $?
seq 3; seq 1 2 7; seq 5 -2 1; basename /a/b/c.txt .txt; dirname /a/b/c; dirname c; basename /
mkdir -p d/e/f; echo hi > d/e/x; cp -r d d2; ls d2/e; cat d2/e/x; mv d2 d3; ls; rm -r d3; rmdir d/e/f; ls -R d
ln -s x d/e/lnk; readlink d/e/lnk; ls -l d/e/lnk | cut -c1-10; chmod 640 f; ls -l f | cut -c1-10; chmod u+x,g-r f; ls -l f | cut -c1-10; chmod a=rx f;  ls -l f | cut -c1-10
find d | sort; find d -name 'l*'; find d -type f -exec cat {} \;; find . -name f -o -name g | sort
echo a b c | xargs -n 1 echo x; printf 'a\nb\n' | xargs -I {} echo '<{}>'; seq 1 5 | xargs
dd if=g of=h bs=4 count=2 2>&1; cat h; echo; dd if=/dev/zero bs=1000 count=3 2>/dev/null | wc -c; od -c h; od -x h; printf 'abc' | od -A n -t x1
env -i A=1 B=2 env; touch new; ls new; touch -t 86400 new; date -u -r 86400; 
printf 'tee\n' | tee t1 t2; cat t1 t2; test -f t1 && echo yes; [ -d d ] && echo dir; du -s d >/dev/null; echo $?
yes | head -n 2; true; echo $?; false; echo $?; nosuch 2>/dev/null; echo $?
cat -n g; cat f - < g; cat nofile 2>/dev/null; echo $?
date -u -r 1000000000 +'%Y-%m-%d %H:%M:%S %j %a %b'; printf '%3d|%-4s|%x\n' 5 ab 255; sleep 0.01
