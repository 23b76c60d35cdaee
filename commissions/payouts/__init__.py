"""What is due leaves the books: paid out, sent by a rail, answered, and given back where it did not arrive.

`paying.pay` makes a payout; a rail tells what became of it through `answers` (submit, lost, succeed, fail, come_back),
whichever rail it is. The bank file is one (`bank_file`), paying by hand another: whoever pays tells the answers.
"""
