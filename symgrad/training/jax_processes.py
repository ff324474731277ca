def joined():
    return None
