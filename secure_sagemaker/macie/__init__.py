"""What Amazon Macie says of input data, before it is used."""
