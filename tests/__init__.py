"""The tests; a package, since one that another distribution installs by this name would be found instead."""
