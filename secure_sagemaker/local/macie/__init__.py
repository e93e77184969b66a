"""Macie, which moto lacks: jobs that really read the objects of the embedded S3, and say what they found.

service      a call is held to its input shape, and answered
state        what an account's region has of Macie: settings, jobs, findings
settings, own_identifiers, jobs, findings, inventory
             the operations, by what they are about
scope        which buckets and objects a job is about
runs         a job at work: object by object, result by result
access       what Macie may read and write
classified   one object, classified
records      results and findings, as Macie writes them
criteria     conditions on findings, buckets and jobs; order and pages
detection, managed, identifiers, numbers
             what is found in a text, and by what
files, archives, formats, passages
             an object's bytes as texts with their places
control      what a test or a demonstration does to it

Classification is real, and stands in for Macie's: it knows fewer types, and no machine learning.
"""
