-- The order of anchors is that of their numbers. Once an anchor was dated in the future by a wrong clock, its day comes again and
-- needs an anchor of its own.
alter table audit_ancora drop constraint audit_ancora_giorno_key;
