-- What the filters may hold: norms and benefits are rows, never code.
-- Collation "C" wherever a text is compared or sorted: the order must not depend on the server's locale.

create table normativa (
    normativa   text collate "C" primary key,
    descrizione text not null
);

create table prestazione (
    prestazione text collate "C" primary key,
    descrizione text not null
);
