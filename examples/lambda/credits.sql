CREATE TABLE credits (customer text PRIMARY KEY, cents bigint NOT NULL);
