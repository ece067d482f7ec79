module burnish

go 1.25.0
