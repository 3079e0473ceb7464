BEGIN TRANSACTION;
CREATE TABLE artifact (
	artifact_id INTEGER NOT NULL, 
	filename VARCHAR(64), 
	content BLOB, 
	run_id VARCHAR(24), 
	PRIMARY KEY (artifact_id), 
	FOREIGN KEY(run_id) REFERENCES run (run_id)
);
INSERT INTO "artifact" VALUES(1,'artifact.txt',X'6172746966616374','0');
CREATE TABLE dependency (
	dependency_id INTEGER NOT NULL, 
	name VARCHAR(32), 
	version VARCHAR(16), 
	PRIMARY KEY (dependency_id)
);
INSERT INTO "dependency" VALUES(1,'numpy','1.21.6');
INSERT INTO "dependency" VALUES(2,'sacred','0.7.0');
CREATE TABLE experiment (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(32), 
	md5sum VARCHAR(32), 
	base_dir VARCHAR(64), 
	PRIMARY KEY (experiment_id)
);
INSERT INTO "experiment" VALUES(1,'golden','9a1b7fd3e0b1c67d3cf77d9b606933da','/tmp/golden_sacred');
CREATE TABLE experiments_dependencies (
	experiment_id INTEGER, 
	dependency_id INTEGER, 
	FOREIGN KEY(experiment_id) REFERENCES experiment (experiment_id), 
	FOREIGN KEY(dependency_id) REFERENCES dependency (dependency_id)
);
INSERT INTO "experiments_dependencies" VALUES(1,1);
INSERT INTO "experiments_dependencies" VALUES(1,2);
CREATE TABLE experiments_sources (
	experiment_id INTEGER, 
	source_id INTEGER, 
	FOREIGN KEY(experiment_id) REFERENCES experiment (experiment_id), 
	FOREIGN KEY(source_id) REFERENCES source (source_id)
);
INSERT INTO "experiments_sources" VALUES(1,1);
CREATE TABLE host (
	host_id INTEGER NOT NULL, 
	cpu VARCHAR(64), 
	hostname VARCHAR(64), 
	os VARCHAR(16), 
	os_info VARCHAR(64), 
	python_version VARCHAR(16), 
	PRIMARY KEY (host_id)
);
INSERT INTO "host" VALUES(1,'AMD EPYC','vm','Linux','Linux-6.18.44-fc-v669-x86_64-with-debian-12.11','3.7.16');
CREATE TABLE resource (
	resource_id INTEGER NOT NULL, 
	filename VARCHAR(256), 
	md5sum VARCHAR(32), 
	content BLOB, 
	PRIMARY KEY (resource_id)
);
INSERT INTO "resource" VALUES(1,'/tmp/golden_sacred/resource.csv','3ecfad755fa825f7a17c5526ec44e651',X'312C320A');
CREATE TABLE run (
	run_id VARCHAR(24) NOT NULL, 
	command VARCHAR(64), 
	start_time DATETIME, 
	heartbeat DATETIME, 
	stop_time DATETIME, 
	queue_time DATETIME, 
	priority FLOAT, 
	comment TEXT, 
	fail_trace TEXT, 
	captured_out TEXT, 
	config TEXT, 
	info TEXT, 
	status VARCHAR(11), 
	host_id INTEGER, 
	experiment_id INTEGER, 
	result FLOAT, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(host_id) REFERENCES host (host_id), 
	FOREIGN KEY(experiment_id) REFERENCES experiment (experiment_id)
);
INSERT INTO "run" VALUES('0','complete','2026-11-30 01:36:19.292589','2026-11-30 01:36:19.431931','2026-11-30 01:36:19.431781',NULL,0.0,'',NULL,'printed ä
','{"data": {"columns": ["a", "b"], "path": "data.csv"}, "keys": {"a": true, "b": null}, "layers": [3, 4], "lr": 0.1, "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "seed": 92638770}','{"alpha": {"again": {"n": [1, 2], "w": {"py/object": "numpy.ndarray", "values": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0], "dtype": "float64"}}, "list": {"py/id": 0}}, "middle": [{"x": [1]}, {"py/id": 0}], "zeta": [{"n": {"py/id": 0}, "w": {"py/id": 1}}, {"py/object": "numpy.ndarray", "values": [[0.0, 6.0, 12.0, 18.0], [1.0, 7.0, 13.0, 19.0], [2.0, 8.0, 14.0, 20.0], [3.0, 9.0, 15.0, 21.0], [4.0, 10.0, 16.0, 22.0], [5.0, 11.0, 17.0, 23.0]], "dtype": "float64"}]}','COMPLETED',1,1,0.5);
INSERT INTO "run" VALUES('1','fail','2026-11-30 01:36:19.483991','2026-11-30 01:36:19.510248','2026-11-30 01:36:19.515276',NULL,0.0,'','Traceback (most recent call last):

  File "/tmp/golden_sacred/lib/python3.7/site-packages/sacred/config/captured_function.py", line 47, in captured_function
    result = wrapped(*args, **kwargs)

  File "/tmp/golden_sacred/make_golden.py", line 117, in fail
    raise RuntimeError("it failed")

RuntimeError: it failed
','','{"data": {"columns": ["a", "b"], "path": "data.csv"}, "keys": {"a": true, "b": null}, "layers": [3, 4], "lr": 0.1, "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "seed": 361744392}','{"before": 1}','FAILED',1,1,NULL);
INSERT INTO "run" VALUES('2','interrupt','2026-11-30 01:36:19.568258','2026-11-30 01:36:19.604151','2026-11-30 01:36:19.609235',NULL,0.0,'',NULL,'','{"data": {"columns": ["a", "b"], "path": "data.csv"}, "keys": {"a": true, "b": null}, "layers": [3, 4], "lr": 0.1, "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "seed": 899815081}','{}','INTERRUPTED',1,1,NULL);
INSERT INTO "run" VALUES('3','time_out','2026-11-30 01:36:19.645257','2026-11-30 01:36:19.670816','2026-11-30 01:36:19.687308',NULL,0.0,'',NULL,'','{"data": {"columns": ["a", "b"], "path": "data.csv"}, "keys": {"a": true, "b": null}, "layers": [3, 4], "lr": 0.1, "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "seed": 290750996}','{}','TIMEOUT',1,1,NULL);
INSERT INTO "run" VALUES('4','do_nothing','2026-11-30 01:36:19.736681','2026-11-30 01:36:19.769756','2026-11-30 01:36:19.769644',NULL,0.0,'a comment',NULL,'','{"data": {"columns": ["a", "b"], "path": "data.csv"}, "keys": {"a": true, "b": null}, "layers": [3, 4], "lr": 0.1, "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "seed": 323164062}','{}','COMPLETED',1,1,NULL);
CREATE TABLE runs_resources (
	run_id VARCHAR(24), 
	resource_id INTEGER, 
	FOREIGN KEY(run_id) REFERENCES run (run_id), 
	FOREIGN KEY(resource_id) REFERENCES resource (resource_id)
);
INSERT INTO "runs_resources" VALUES('0',1);
CREATE TABLE source (
	source_id INTEGER NOT NULL, 
	filename VARCHAR(256), 
	md5sum VARCHAR(32), 
	content TEXT, 
	PRIMARY KEY (source_id)
);
INSERT INTO "source" VALUES(1,'golden_script.py','6f745097cc104a8aad3d56a308c2801b','
import sacred


def make_experiment():
    data = sacred.Ingredient("data")
    data.add_config(path="data.csv", columns=("a", "b"))
    ex = sacred.Experiment("golden", ingredients=[data])

    @ex.config
    def cfg():
        lr = 0.1
        layers = (3, 4)
        nested = {"deep": {"x": 1}, "list": [1, {"y": 2}]}
        keys = {"b": None, "a": True}

    return ex
');
COMMIT;
