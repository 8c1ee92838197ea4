-- Record batches of Arrow, encoded like the rows of a block and stored beside them (src/arrow/conservato.rs). Derived data too. A block
-- that was made before this has none: a flight encodes its rows when it is asked for, until `omnia blocks rebuild`.

-- The texts of the dictionaries that the batches of a series point into. Without them it has no batches.
alter table serie
    add column dizionario_prestazioni text[] collate "C",
    add column dizionario_codifiche   text[] collate "C",
    add check ((dizionario_prestazioni is null) = (dizionario_codifiche is null));

alter table blocco
    -- The header of the message.
    add column batch_testata bytea,
    -- Length of its body, and this compressed (LZ4), natural persons masked.
    add column batch_byte    integer check (batch_byte > 0),
    add column batch         bytea,
    -- The natural persons that are masked there, and where. Read only for who may see them.
    add column batch_persone bytea,
    add check (num_nulls(batch_testata, batch_byte, batch, batch_persone) in (0, 4));

-- Compressed already.
alter table blocco alter column batch set storage external;
alter table blocco alter column batch_persone set storage external;
