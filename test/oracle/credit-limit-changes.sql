-- D: who changes limits accounts for it in the transaction. MariaDB's transactions have one name in all that tells of them.

CREATE TABLE said AS SELECT tx AS key, * FROM credit_limits;

CREATE TABLE finished AS SELECT tx AS key, at, events FROM ended WHERE name = 'credit_limits';

CREATE TABLE noted AS SELECT tx AS key, pk, pos, at, op, who, why FROM limits_context WHERE op <> 'r';

CREATE TABLE ticket AS SELECT * FROM approvals WHERE table_name = 'credit_limits';
