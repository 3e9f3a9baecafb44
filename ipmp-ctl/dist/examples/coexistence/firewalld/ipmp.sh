#!/bin/sh
# firewalld: the group interface is in a zone; members need none with receive = "group".
#
# firewalld's reverse path filter of IPv6 (IPv6_rpfilter in /etc/firewalld/firewalld.conf) drops a packet that comes by another
# interface than the way back. With receive = "group" both are ipmp0 and it may stay. With receive = "member" packets come by
# the members and all IPv6 is dropped: set IPv6_rpfilter=no there (from firewalld 2.0: loose).
set -eu
firewall-cmd --permanent --zone=public --change-interface=ipmp0
firewall-cmd --permanent --zone=public --add-port=443/tcp
firewall-cmd --reload
