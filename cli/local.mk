# cli: the programs that a user types. They read words and print text; what is done lies in core/modes.
cli_args = cli/args.h cli/args.c cli/opts.def cli/modes.def
dist_man_MANS += doc/man/iscsiadm.8
