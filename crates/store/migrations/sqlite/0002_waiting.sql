ALTER TABLE job ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;        -- how often it was put back because an archive was away: no attempts
ALTER TABLE job ADD COLUMN n_instances INTEGER NOT NULL DEFAULT 0;  -- progress: so many instances …
ALTER TABLE job ADD COLUMN of_instances INTEGER NOT NULL DEFAULT 0; -- … of so many; 0: not known
ALTER TABLE job ADD COLUMN rate INTEGER NOT NULL DEFAULT 0;         -- progress: so much of the unit a second; 0: not known
ALTER TABLE job ADD COLUMN seconds_left INTEGER NOT NULL DEFAULT 0; -- progress: seconds to the end of the stage; 0: not known
