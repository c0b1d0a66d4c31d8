ALTER TABLE job ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;        -- how often it was put back because an archive was away: no attempts
ALTER TABLE job ADD COLUMN n_instances BIGINT NOT NULL DEFAULT 0;  -- progress: so many instances …
ALTER TABLE job ADD COLUMN of_instances BIGINT NOT NULL DEFAULT 0; -- … of so many; 0: not known
ALTER TABLE job ADD COLUMN rate BIGINT NOT NULL DEFAULT 0;         -- progress: so much of the unit a second; 0: not known
ALTER TABLE job ADD COLUMN seconds_left BIGINT NOT NULL DEFAULT 0; -- progress: seconds to the end of the stage; 0: not known
