"""What a rail says it moved, laid beside what we say was paid: the rail's bill, line by line, and every break between.

`bills` reads the file and `matching` lays it beside our payouts; both know no database. `importing.import_bill` keeps
a bill with what it found, `looking.look_again` closes what has cleared by itself, `working` is what finance does.
"""
