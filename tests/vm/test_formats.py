# SPDX-License-Identifier: GPL-2.0-or-later
# needs: qemu simhba
"""What open-iscsi 2.1.8 was seen to print on the other adapters, to the byte: hosts, ifaces, discovery, sessions"""
from lib import *
from test_adapters import KINDS, network
from test_host import golden, replay


def test():
    kinds = [k for k in KINDS if k != "qla4xxx"]
    network()
    Iscsid()
    simhba(",".join(kinds), ports=1, netdevs=",".join(["sim0"] * len(kinds)))
    _, failed = replay(golden(), "adapters")
    equal(failed, 0, "steps that went otherwise")


if __name__ == "__main__":
    main(test)
