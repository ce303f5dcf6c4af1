"""Download public data sets from their publishers to a folder that the other commands read.

The steps for a file:

    catalogue.py        the contents of a data set: links, sizes, checksums
    download.py         what is still missing, whether the disk has room for it, and worker threads
    entry_download.py   one entry, from its current state to its final state in the folder
    transfer.py         its links in order, attempts and waits; client.py requests the missing bytes
    part.py             NAME.part, appended to and hashed; compared with the catalogue
    archive.py          a verified archive -> a folder of images, completely or not at all
    place.py            the folder: its lock, its space, and download.json, a record of what was fetched
"""
