"""Reading lists of complaints that another hotline exports: rows in, filings or the cell to blame out.

Files are opened by `cases.importing.reading`; here stand the headings of such exports, what their words for
behaviours mean, and how area, place and the office complained about are recognised. Nothing is guessed in
silence: a behaviour that was only guessed is asked about.
"""
