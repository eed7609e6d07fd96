-- A processor's notification comes to a connection's address, which says nothing of the merchant.
CREATE UNIQUE INDEX connections_by_id ON connections (id);
