# SPDX-License-Identifier: GPL-2.0-or-later
from machines import Machine, Unusable
class Qemu(Machine):
    name = "qemu"
    def __init__(self, a):
        raise Unusable("not yet")
