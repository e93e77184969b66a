"""A report of a scan, in the forms that others read. All are pure, and none holds the data.

refused   the objects that may not be used, each once
plain     values for JSON; docs/reference/scan-report.md tells them
text      a table, for a terminal
sarif     SARIF 2.1.0, for code hosts
asff      the AWS Security Finding Format, for Security Hub
charts    the shapes of the page's charts
page      a page of HTML
"""
