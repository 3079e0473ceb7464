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
INSERT INTO "dependency" VALUES(1,'numpy','1.23.5');
INSERT INTO "dependency" VALUES(2,'sacred','0.8.2');
CREATE TABLE experiment (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(32), 
	md5sum VARCHAR(32), 
	base_dir VARCHAR(64), 
	PRIMARY KEY (experiment_id)
);
INSERT INTO "experiment" VALUES(1,'golden','8bf4a95cc627ddb071ecd0ae3b8d019c','/tmp/golden_sacred');
CREATE TABLE experiments_dependencies (
	experiment_id INTEGER, 
	dependency_id INTEGER, 
	FOREIGN KEY(experiment_id) REFERENCES experiment (experiment_id), 
	FOREIGN KEY(dependency_id) REFERENCES dependency (dependency_id)
);
INSERT INTO "experiments_dependencies" VALUES(1,1);
INSERT INTO "experiments_dependencies" VALUES(1,2);
CREATE TABLE experiments_repositories (
	experiment_id INTEGER, 
	repository_id INTEGER, 
	FOREIGN KEY(experiment_id) REFERENCES experiment (experiment_id), 
	FOREIGN KEY(repository_id) REFERENCES repository (repository_id)
);
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
INSERT INTO "host" VALUES(1,'AMD EPYC','vm','Linux','Linux-6.18.44-fc-v669-x86_64-with-glibc2.34','3.8.18');
CREATE TABLE repository (
	repository_id INTEGER NOT NULL, 
	url VARCHAR(2048), 
	"commit" VARCHAR(40), 
	dirty BOOLEAN, 
	PRIMARY KEY (repository_id)
);
CREATE TABLE resource (
	resource_id INTEGER NOT NULL, 
	filename VARCHAR(256), 
	md5sum VARCHAR(32), 
	content BLOB, 
	PRIMARY KEY (resource_id)
);
INSERT INTO "resource" VALUES(1,'/tmp/golden_sacred/resource.csv','3ecfad755fa825f7a17c5526ec44e651',X'312C320A');
CREATE TABLE run (
	id INTEGER NOT NULL, 
	run_id VARCHAR(24), 
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
	PRIMARY KEY (id), 
	UNIQUE (run_id), 
	FOREIGN KEY(host_id) REFERENCES host (host_id), 
	FOREIGN KEY(experiment_id) REFERENCES experiment (experiment_id)
);
INSERT INTO "run" VALUES(1,'0','complete','2026-11-29 02:25:23.549967','2026-11-29 02:25:23.979801','2026-11-29 02:25:23.972349',NULL,0.0,'',NULL,'printed ä
','{"lr": 0.1, "layers": [3, 4], "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "keys": {"b": null, "a": true}, "seed": 195315565, "data": {"path": "data.csv", "columns": ["a", "b"]}}','{"zeta": [{"w": {"py/object": "numpy.ndarray", "values": "eJxjYEAGH+yhDAcIxQGlBaC0CJSWgNIyUFoBSitBaRUorQalNaC0FpTWgdJ6UNoAShtCaSMobewAAGCpCA4=", "shape": [20], "dtype": "float64", "byteorder": "<"}, "n": [1, 2]}, {"py/object": "numpy.ndarray", "base": {"py/object": "numpy.ndarray", "values": "eJxNxisKgEAAQMGNGw0Gg0FERETEv9G9/2n2CAYn+Mq8EP7lx6SPyIIlK9Zs2LJjz4EjJ85cuHLjzoMnL97pBXsECeQ=", "shape": [24], "dtype": "float64", "byteorder": "<"}, "strides": [8, 48], "shape": [6, 4], "dtype": "float64"}], "alpha": {"again": {"w": {"py/id": 1}, "n": {"py/id": 2}}, "list": {"py/id": 2}}, "middle": [{"x": [1]}, {"py/id": 2}]}','COMPLETED',1,1,0.5);
INSERT INTO "run" VALUES(2,'2','fail','2026-11-29 02:25:24.045965','2026-11-29 02:25:24.104155','2026-11-29 02:25:24.107763',NULL,0.0,'','Traceback (most recent call last):

  File "/tmp/golden_sacred/lib/python3.8/site-packages/sacred/config/captured_function.py", line 42, in captured_function
    result = wrapped(*args, **kwargs)

  File "tests/golden/sacred/make_golden.py", line 112, in fail

RuntimeError: it failed
','','{"lr": 0.1, "layers": [3, 4], "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "keys": {"b": null, "a": true}, "seed": 747079873, "data": {"path": "data.csv", "columns": ["a", "b"]}}','{"before": 1}','FAILED',1,1,NULL);
INSERT INTO "run" VALUES(3,'3','interrupt','2026-11-29 02:25:24.176790','2026-11-29 02:25:24.223799','2026-11-29 02:25:24.227789',NULL,0.0,'',NULL,'','{"lr": 0.1, "layers": [3, 4], "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "keys": {"b": null, "a": true}, "seed": 822612501, "data": {"path": "data.csv", "columns": ["a", "b"]}}','{}','INTERRUPTED',1,1,NULL);
INSERT INTO "run" VALUES(4,'4','time_out','2026-11-29 02:25:24.322785','2026-11-29 02:25:24.380709','2026-11-29 02:25:24.381048',NULL,0.0,'',NULL,'','{"lr": 0.1, "layers": [3, 4], "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "keys": {"b": null, "a": true}, "seed": 921390350, "data": {"path": "data.csv", "columns": ["a", "b"]}}','{}','TIMEOUT',1,1,NULL);
INSERT INTO "run" VALUES(5,'5','do_nothing','2026-11-29 02:25:24.445027','2026-11-29 02:25:24.494383','2026-11-29 02:25:24.494274',NULL,0.0,'a comment',NULL,'','{"lr": 0.1, "layers": [3, 4], "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "keys": {"b": null, "a": true}, "seed": 169462786, "data": {"path": "data.csv", "columns": ["a", "b"]}}','{}','COMPLETED',1,1,NULL);
INSERT INTO "run" VALUES(6,'6','do_nothing',NULL,NULL,NULL,NULL,0.0,'',NULL,NULL,'{"lr": 0.1, "layers": [3, 4], "nested": {"deep": {"x": 1}, "list": [1, {"y": 2}]}, "keys": {"b": null, "a": true}, "seed": 85500388, "data": {"path": "data.csv", "columns": ["a", "b"]}}',NULL,'QUEUED',1,1,NULL);
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
