-- D: who changes the ledger accounts for it in the transaction. PostgreSQL's are named in front of a colon; behind it is a position.

CREATE TABLE said AS SELECT substr(tx, 1, instr(tx, ':') - 1) AS key, * FROM ledger_entries;

CREATE TABLE finished AS SELECT substr(tx, 1, instr(tx, ':') - 1) AS key, at, events FROM ended WHERE name = 'ledger_entries';

CREATE TABLE noted AS SELECT substr(tx, 1, instr(tx, ':') - 1) AS key, pk, pos, at, op, who, why FROM ledger_context WHERE op <> 'r';

CREATE TABLE ticket AS SELECT * FROM approvals WHERE table_name = 'ledger_entries';
