"""Public data sets: from their publishers' links to a folder that the other commands read.

The way of a file:

    catalogue.py        what a data set consists of: links, sizes, checksums
    download.py         what is left to do, whether there is room for it, and threads that do it
    entry_download.py   one entry, from whatever is there of it to what the folder shall hold
    transfer.py         its links in turn, attempts and waits; client.py asks a host for the missing bytes
    part.py             NAME.part, appended to and summed up; is it what the catalogue says?
    archive.py          a verified archive -> a folder of images, whole or not at all
    place.py            the folder: its lock, its space, and download.json: what was fetched, from where
"""
