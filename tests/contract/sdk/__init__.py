"""The sandbox, and our worker's marks in it, as QuickBlox' own JavaScript client sees them."""
