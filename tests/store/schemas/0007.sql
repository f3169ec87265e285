BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0007');
CREATE TABLE audit (
	seq INTEGER NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	action VARCHAR(64) NOT NULL, 
	project_id VARCHAR(32), 
	subject VARCHAR(128) NOT NULL, 
	detail JSON, 
	CONSTRAINT pk_audit PRIMARY KEY (seq)
);
CREATE TABLE blob_sizes (
	"key" VARCHAR(80) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	CONSTRAINT pk_blob_sizes PRIMARY KEY ("key")
);
CREATE TABLE candidates (
	line_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	text TEXT NOT NULL, 
	engine VARCHAR(128) NOT NULL, 
	score FLOAT NOT NULL, 
	rank INTEGER NOT NULL, 
	prediction JSON, likelihood FLOAT, back_translation TEXT, missed_terms JSON, slot_penalty FLOAT, 
	CONSTRAINT pk_candidates PRIMARY KEY (line_id, id), 
	CONSTRAINT fk_candidates_line_id FOREIGN KEY(line_id) REFERENCES lines (id) ON DELETE CASCADE
);
INSERT INTO "candidates" VALUES('a969d5e790424bf287963066034d7204','2cf4c07b52634ce5be2e6fc8c0b622a6','候选 0','lm/translation-small',-0.5,0,'{"estimate":{"speech_ms":700,"pause_ms":120,"engine":"espeak"},"delta_ms":80,"p":0.0833,"fit":"tight"}',NULL,NULL,NULL,NULL);
INSERT INTO "candidates" VALUES('a969d5e790424bf287963066034d7204','5bc5483a2fdb4322864e879674a13389','候选 1','lm/translation-small',-1.5,1,'{"estimate":{"speech_ms":701,"pause_ms":120,"engine":"espeak"},"delta_ms":81,"p":0.0833,"fit":"tight"}',NULL,NULL,NULL,NULL);
CREATE TABLE changes (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	"by" VARCHAR(64) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	title TEXT NOT NULL, 
	undoes VARCHAR(32), 
	undone_by VARCHAR(32), 
	CONSTRAINT pk_changes PRIMARY KEY (seq), 
	CONSTRAINT fk_changes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_changes_id UNIQUE (id)
);
CREATE TABLE estimates (
	"key" VARCHAR(64) NOT NULL, 
	speech_ms INTEGER NOT NULL, 
	pause_ms INTEGER NOT NULL, 
	engine VARCHAR(128) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_estimates PRIMARY KEY ("key")
);
CREATE TABLE gpu_leases (
	device VARCHAR(128) NOT NULL, 
	worker VARCHAR(320), 
	job_id VARCHAR(32), 
	since_s FLOAT, 
	heartbeat_s FLOAT, 
	CONSTRAINT pk_gpu_leases PRIMARY KEY (device)
);
CREATE TABLE imports (
	seq INTEGER NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	format VARCHAR(16), 
	encoding VARCHAR(32), 
	skipped JSON NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_imports PRIMARY KEY (seq), 
	CONSTRAINT fk_imports_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE TABLE jobs (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	line_ids JSON NOT NULL, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	stage VARCHAR(64) NOT NULL, 
	message TEXT NOT NULL, 
	is_forced BOOLEAN NOT NULL, 
	is_cancel_asked BOOLEAN NOT NULL, 
	is_user_error BOOLEAN NOT NULL, 
	interruptions INTEGER NOT NULL, 
	worker VARCHAR(320), 
	heartbeat_s FLOAT, 
	created_at VARCHAR(32) NOT NULL, 
	started_at VARCHAR(32), 
	finished_at VARCHAR(32), instruction TEXT DEFAULT '' NOT NULL, quality VARCHAR(16) DEFAULT '' NOT NULL, priority INTEGER DEFAULT '10' NOT NULL, place FLOAT, waiting_for TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (seq), 
	CONSTRAINT fk_jobs_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_jobs_id UNIQUE (id)
);
INSERT INTO "jobs" VALUES(1,'dfa9fcb99be34753ada8071f10ed1ae9','c93e57b34d89438ebd144d5fdf37b086','ada','voice','queued','[]',0,0,'','',0,0,0,0,NULL,NULL,'2026-11-21T12:03:10.236449+00:00',NULL,NULL,'','',10,NULL,'');
CREATE TABLE line_edits (
	seq INTEGER NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	line_id VARCHAR(32) NOT NULL, 
	change_id VARCHAR(32) NOT NULL, 
	"by" VARCHAR(64) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	field VARCHAR(32) NOT NULL, 
	"before" JSON, 
	"after" JSON, subject VARCHAR(8) DEFAULT 'line' NOT NULL, 
	CONSTRAINT pk_line_edits PRIMARY KEY (seq), 
	CONSTRAINT fk_line_edits_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "line_edits" VALUES(1,'c93e57b34d89438ebd144d5fdf37b086','bcf115f9f35d4e6e9f3b776fa782145b','0bb352360e3845a1beec77265b02f927','ada','2026-11-21T12:03:10.204931+00:00','line',NULL,'{"id":"bcf115f9f35d4e6e9f3b776fa782145b","span":{"start_ms":0,"end_ms":900},"speaker_id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","source_text":"","target_text":"","status":"draft","voice":null,"guidance":null,"take_id":null,"notes":[]}','line');
INSERT INTO "line_edits" VALUES(2,'c93e57b34d89438ebd144d5fdf37b086','a969d5e790424bf287963066034d7204','0bb352360e3845a1beec77265b02f927','ada','2026-11-21T12:03:10.204931+00:00','line',NULL,'{"id":"a969d5e790424bf287963066034d7204","span":{"start_ms":2000,"end_ms":2900},"speaker_id":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","source_text":"It is 2000 ms.","target_text":"现在是两秒。","status":"approved","voice":{"engine":"edge","voice":"zh-CN-XiaoxiaoNeural","rate_ratio":1.25,"pitch_ratio":0.9},"guidance":{"face_scale":1.5,"lip_scale":2.0},"take_id":null,"notes":["cue 2 overlapped cue 3","sung"]}','line');
INSERT INTO "line_edits" VALUES(3,'c93e57b34d89438ebd144d5fdf37b086','bd90af125ed74071bd941a3050dc2422','0bb352360e3845a1beec77265b02f927','ada','2026-11-21T12:03:10.204931+00:00','line',NULL,'{"id":"bd90af125ed74071bd941a3050dc2422","span":{"start_ms":4000,"end_ms":4900},"speaker_id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","source_text":"It is 4000 ms.","target_text":"","status":"draft","voice":null,"guidance":null,"take_id":null,"notes":[]}','line');
INSERT INTO "line_edits" VALUES(4,'c93e57b34d89438ebd144d5fdf37b086','a969d5e790424bf287963066034d7204','231180fbe8dd4c48b177d724f91c2255','ada','2026-11-21T12:03:10.227235+00:00','take_id',NULL,'"0895e8ac31a042e89dfee84519ccc33e"','line');
CREATE TABLE lines (
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	start_ms INTEGER NOT NULL, 
	end_ms INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	speaker_id VARCHAR(32) NOT NULL, 
	source_text TEXT NOT NULL, 
	target_text TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	voice JSON, 
	guidance JSON, 
	take_id VARCHAR(32), 
	notes JSON NOT NULL, 
	revision INTEGER NOT NULL, pauses JSON, 
	CONSTRAINT pk_lines PRIMARY KEY (id), 
	CONSTRAINT fk_lines_speaker FOREIGN KEY(project_id, speaker_id) REFERENCES speakers (project_id, id), 
	CONSTRAINT fk_lines_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "lines" VALUES('bcf115f9f35d4e6e9f3b776fa782145b','c93e57b34d89438ebd144d5fdf37b086',0,900,0,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','','','draft',NULL,NULL,NULL,'[]',1,NULL);
INSERT INTO "lines" VALUES('a969d5e790424bf287963066034d7204','c93e57b34d89438ebd144d5fdf37b086',2000,2900,1,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','It is 2000 ms.','现在是两秒。','approved','{"engine":"edge","voice":"zh-CN-XiaoxiaoNeural","rate_ratio":1.25,"pitch_ratio":0.9}','{"face_scale":1.5,"lip_scale":2.0}','0895e8ac31a042e89dfee84519ccc33e','["cue 2 overlapped cue 3","sung"]',2,'[{"start_ms":300,"end_ms":450}]');
INSERT INTO "lines" VALUES('bd90af125ed74071bd941a3050dc2422','c93e57b34d89438ebd144d5fdf37b086',4000,4900,2,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','It is 4000 ms.','','draft',NULL,NULL,NULL,'[]',1,NULL);
CREATE TABLE login_attempts (
	"key" VARCHAR(64) NOT NULL, 
	count INTEGER NOT NULL, 
	since_s FLOAT NOT NULL, 
	blocked_until_s FLOAT NOT NULL, 
	CONSTRAINT pk_login_attempts PRIMARY KEY ("key")
);
CREATE TABLE notes (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	line_id VARCHAR(32), 
	at_ms INTEGER, 
	text TEXT NOT NULL, 
	"by" VARCHAR(64) NOT NULL, 
	is_guest BOOLEAN NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	reply_to VARCHAR(32), 
	resolved_by VARCHAR(64), 
	resolved_at VARCHAR(32), 
	CONSTRAINT pk_notes PRIMARY KEY (seq), 
	CONSTRAINT fk_notes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_notes_id UNIQUE (id)
);
CREATE TABLE preferences (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	line_id VARCHAR(32) NOT NULL, 
	source_language VARCHAR(8) NOT NULL, 
	target_language VARCHAR(8) NOT NULL, 
	source_text TEXT NOT NULL, 
	source_ms INTEGER NOT NULL, 
	chosen TEXT NOT NULL, 
	rejected TEXT NOT NULL, 
	wordings JSON NOT NULL, 
	"before" JSON NOT NULL, 
	"by" VARCHAR(64) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_preferences PRIMARY KEY (seq), 
	CONSTRAINT fk_preferences_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_preferences_id UNIQUE (id)
);
INSERT INTO "preferences" VALUES(1,'cccccccccccccccccccccccccccccccc','c93e57b34d89438ebd144d5fdf37b086','a969d5e790424bf287963066034d7204','en','zh','It is 2000 ms.',900,'现在是两秒。','候选 0','[["候选 0",820],["现在是两秒。",null]]','[["It is 0 ms.",900,"零毫秒。"]]','ada','2026-01-02T03:04:05.000000+00:00');
CREATE TABLE project_members (
	project_id VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	"by" VARCHAR(64) NOT NULL, 
	at VARCHAR(32) NOT NULL, role VARCHAR(16) DEFAULT 'editor' NOT NULL, 
	CONSTRAINT pk_project_members PRIMARY KEY (project_id, name), 
	CONSTRAINT fk_project_members_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT fk_project_members_name FOREIGN KEY(name) REFERENCES users (name)
);
CREATE TABLE projects (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	name TEXT NOT NULL, 
	source_language VARCHAR(8) NOT NULL, 
	target_language VARCHAR(8) NOT NULL, 
	settings JSON NOT NULL, 
	source JSON, 
	bed_blob VARCHAR(80), 
	created_at VARCHAR(32) NOT NULL, 
	deleted_at VARCHAR(32), show_id VARCHAR(32), deleted_by VARCHAR(64), 
	CONSTRAINT pk_projects PRIMARY KEY (seq), 
	CONSTRAINT fk_projects_owner FOREIGN KEY(owner) REFERENCES users (name), 
	CONSTRAINT uq_projects_id UNIQUE (id)
);
INSERT INTO "projects" VALUES(1,'c93e57b34d89438ebd144d5fdf37b086','ada','Pilot','en','zh','{"engines":{"transcriber":"auto","translator":"auto","estimator":"auto","speaker":"auto"},"lines":{"min_silence_ms":400,"max_line_ms":12000,"max_cue_ms":60000,"max_speakers":8},"translation":{"candidate_count":5,"temperature":0.8,"top_p":0.9,"context_lines":4,"seed":0},"timing":{"guard_ms":120,"max_borrow_ms":1000},"fit":{"min_ratio":0.85,"max_ratio":1.25,"min_pause_ms":120,"trim_db":-45.0},"mix":{"loudness_profile":"ebu_r128","true_peak_dbtp":-1.0,"duck_db":-18.0,"duck_fade_ms":120,"dub_gain_db":0.0},"guidance":{"face_scale":0.0,"lip_scale":0.0},"audio_track":0}','{"name":"holiday 🎬.mov","blob":"0000000000000000000000000000000000000000000000000000000000000000.mov","info":{"container":"mov","duration_ms":61250,"size_bytes":12345678,"video":{"codec":"h264","width_px":1920,"height_px":1080,"fps":"24000/1001","is_variable_rate":true,"rotation_deg":90,"frame_count":null},"audio":[{"index":0,"codec":"aac","rate_hz":48000,"channels":2,"language":"en","title":null,"is_default":true,"start_ms":-21}],"text_track_count":1,"notes":["rotated"]}}',NULL,'2026-01-02T03:04:05+00:00',NULL,NULL,NULL);
CREATE TABLE reference_voices (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	blob VARCHAR(80) NOT NULL, 
	length_ms INTEGER NOT NULL, 
	whose TEXT NOT NULL, 
	statement TEXT NOT NULL, 
	transcript TEXT NOT NULL, 
	speaker_id VARCHAR(32), 
	"by" VARCHAR(64) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_reference_voices PRIMARY KEY (seq), 
	CONSTRAINT fk_reference_voices_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_reference_voices_id UNIQUE (id)
);
INSERT INTO "reference_voices" VALUES(1,'abababababababababababababababab','c93e57b34d89438ebd144d5fdf37b086','Ada','3333333333333333333333333333333333333333333333333333333333333333.wav',6200,'Ada Lovelace','The person whose voice this is has agreed to its use in this dub, or the right to use it has been cleared.','good morning',NULL,'ada','2026-11-21T20:51:41.368289+00:00');
CREATE TABLE review_links (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	label TEXT NOT NULL, 
	"by" VARCHAR(64) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	expires_at VARCHAR(32) NOT NULL, 
	revoked_at VARCHAR(32), 
	CONSTRAINT pk_review_links PRIMARY KEY (seq), 
	CONSTRAINT uq_review_links_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_review_links_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_review_links_id UNIQUE (id)
);
CREATE TABLE server_values (
	name VARCHAR(64) NOT NULL, 
	value JSON NOT NULL, 
	CONSTRAINT pk_server_values PRIMARY KEY (name)
);
CREATE TABLE sessions (
	token_hash VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	seen_at VARCHAR(32) NOT NULL, 
	expires_at VARCHAR(32) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sessions_user FOREIGN KEY(user) REFERENCES users (name) ON DELETE CASCADE
);
CREATE TABLE shows (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	name TEXT NOT NULL, 
	bible JSON NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_shows PRIMARY KEY (seq), 
	CONSTRAINT fk_shows_owner FOREIGN KEY(owner) REFERENCES users (name), 
	CONSTRAINT uq_shows_id UNIQUE (id)
);
CREATE TABLE speakers (
	project_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	voice JSON, 
	pitch_hz FLOAT, 
	ordinal INTEGER NOT NULL, sheet JSON, 
	CONSTRAINT pk_speakers PRIMARY KEY (project_id, id), 
	CONSTRAINT fk_speakers_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "speakers" VALUES('c93e57b34d89438ebd144d5fdf37b086','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','Anna','{"engine":"espeak","voice":"en+f3","rate_ratio":1.1,"pitch_ratio":1.0}',NULL,0,NULL);
INSERT INTO "speakers" VALUES('c93e57b34d89438ebd144d5fdf37b086','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','Bo “the Bear” 熊',NULL,NULL,1,NULL);
CREATE TABLE stage_results (
	seq INTEGER NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	stage VARCHAR(64) NOT NULL, 
	unit VARCHAR(128) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	result JSON, 
	seconds FLOAT NOT NULL, 
	peak_memory_mb INTEGER NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_stage_results PRIMARY KEY (seq), 
	CONSTRAINT fk_stage_results_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_stage_results_unit UNIQUE (project_id, stage, unit)
);
INSERT INTO "stage_results" VALUES(1,'c93e57b34d89438ebd144d5fdf37b086','ingest','','0000000000000000000000000000000000000000000000000000000000000000','{"peaks":"x"}',1.5,300,'2026-11-21T12:03:10.229444+00:00');
CREATE TABLE sweep_points (
	seq INTEGER NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	line_id VARCHAR(32) NOT NULL, 
	face_scale FLOAT NOT NULL, 
	lip_scale FLOAT NOT NULL, 
	quality VARCHAR(16) NOT NULL, 
	fingerprint VARCHAR(64), 
	result JSON, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_sweep_points PRIMARY KEY (seq), 
	CONSTRAINT fk_sweep_points_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_sweep_points_place UNIQUE (project_id, line_id, face_scale, lip_scale)
);
INSERT INTO "sweep_points" VALUES(1,'c93e57b34d89438ebd144d5fdf37b086','a969d5e790424bf287963066034d7204',0.0,0.0,'preview',NULL,NULL,'2026-11-21T20:51:41.392987+00:00');
INSERT INTO "sweep_points" VALUES(2,'c93e57b34d89438ebd144d5fdf37b086','a969d5e790424bf287963066034d7204',1.0,0.0,'preview',NULL,NULL,'2026-11-21T20:51:41.406040+00:00');
CREATE TABLE takes (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	line_id VARCHAR(32) NOT NULL, 
	text TEXT NOT NULL, 
	voice JSON NOT NULL, 
	engine_version VARCHAR(128) NOT NULL, 
	raw_blob VARCHAR(80) NOT NULL, 
	fitted_blob VARCHAR(80) NOT NULL, 
	report JSON NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	note TEXT NOT NULL, 
	created_at VARCHAR(32) NOT NULL, made JSON, 
	CONSTRAINT pk_takes PRIMARY KEY (seq), 
	CONSTRAINT fk_takes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_takes_id UNIQUE (id)
);
INSERT INTO "takes" VALUES(1,'0895e8ac31a042e89dfee84519ccc33e','c93e57b34d89438ebd144d5fdf37b086','a969d5e790424bf287963066034d7204','你好','{"engine":"espeak","voice":"cmn","rate_ratio":1.0,"pitch_ratio":1.0}','1.52','1111111111111111111111111111111111111111111111111111111111111111.wav','2222222222222222222222222222222222222222222222222222222222222222.wav','{"natural_ms":1200,"trimmed_ms":80,"pauses_cut_ms":150,"rate_ratio":1.12,"fitted_ms":866,"remainder_ms":0}','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','first try','2026-11-21T12:03:10.217720+00:00',NULL);
CREATE TABLE uploads (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	project_id VARCHAR(32), 
	purpose VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	received_bytes BIGINT NOT NULL, 
	blob VARCHAR(80), 
	created_at VARCHAR(32) NOT NULL, 
	touched_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_uploads PRIMARY KEY (seq), 
	CONSTRAINT fk_uploads_owner FOREIGN KEY(owner) REFERENCES users (name), 
	CONSTRAINT uq_uploads_id UNIQUE (id)
);
CREATE TABLE user_settings (
	name VARCHAR(64) NOT NULL, 
	settings JSON NOT NULL, 
	CONSTRAINT pk_user_settings PRIMARY KEY (name), 
	CONSTRAINT fk_user_settings_name FOREIGN KEY(name) REFERENCES users (name)
);
CREATE TABLE users (
	name VARCHAR(64) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, role VARCHAR(16) DEFAULT 'editor' NOT NULL, password_hash TEXT, disabled_at VARCHAR(32), quota_bytes BIGINT, 
	CONSTRAINT pk_users PRIMARY KEY (name)
);
INSERT INTO "users" VALUES('ada','2026-11-21T12:03:10.197655+00:00','editor',NULL,NULL,NULL);
CREATE TABLE workers (
	id VARCHAR(320) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	devices JSON NOT NULL, 
	state JSON NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	heartbeat_s FLOAT NOT NULL, 
	CONSTRAINT pk_workers PRIMARY KEY (id)
);
CREATE INDEX ix_projects_owner ON projects (owner);
CREATE INDEX ix_lines_place ON lines (project_id, start_ms, end_ms, ordinal);
CREATE INDEX ix_line_edits_line ON line_edits (project_id, line_id, seq);
CREATE INDEX ix_takes_fingerprint ON takes (project_id, fingerprint);
CREATE INDEX ix_takes_line ON takes (project_id, line_id, seq);
CREATE INDEX ix_imports_project ON imports (project_id, seq);
CREATE INDEX ix_jobs_project ON jobs (project_id, seq);
CREATE INDEX ix_jobs_state ON jobs (state, seq);
CREATE UNIQUE INDEX uq_jobs_looking ON jobs (project_id) WHERE state = 'running' AND kind = 'faces';
CREATE UNIQUE INDEX uq_jobs_running ON jobs (project_id) WHERE state = 'running' AND kind != 'faces';
CREATE INDEX ix_preferences_line ON preferences (project_id, line_id, seq);
CREATE INDEX ix_reference_voices_project ON reference_voices (project_id, seq);
CREATE INDEX ix_line_edits_change ON line_edits (change_id);
CREATE INDEX ix_line_edits_project ON line_edits (project_id, seq);
CREATE INDEX ix_projects_show_id ON projects (show_id);
CREATE INDEX ix_changes_project ON changes (project_id, seq);
CREATE INDEX ix_notes_project ON notes (project_id, seq);
CREATE INDEX ix_review_links_project ON review_links (project_id, seq);
CREATE INDEX ix_project_members_name ON project_members (name);
CREATE INDEX ix_shows_owner ON shows (owner);
CREATE INDEX ix_estimates_created_at ON estimates (created_at);
CREATE INDEX ix_sessions_user ON sessions (user);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_project ON audit (project_id, seq);
CREATE INDEX ix_audit_user ON audit (user, seq);
CREATE INDEX ix_uploads_owner ON uploads (owner);
COMMIT;
