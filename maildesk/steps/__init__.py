"""The steps of `maildesk.flow`, in the order in which a mail takes them."""
