# True when REST tells of a region server that is alive.
exec 3<>/dev/tcp/127.0.0.1/8070
printf 'GET /status/cluster HTTP/1.0\r\nAccept: application/json\r\n\r\n' >&3
grep -q '"LiveNodes":\[{' <&3
