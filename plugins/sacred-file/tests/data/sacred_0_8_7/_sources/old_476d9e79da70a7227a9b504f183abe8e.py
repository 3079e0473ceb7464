import sys, os, time
import numpy as np
from sacred import Experiment, SETTINGS
from sacred.observers import FileStorageObserver
SETTINGS.HOST_INFO.INCLUDE_GPU_INFO=False; SETTINGS.HOST_INFO.INCLUDE_CPU_INFO=False
from sacred.utils import TimeoutInterrupt
ex=Experiment("old", save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))
@ex.config
def cfg():
    lr=0.1; layers=[{"size":3}]; how="ok"; n=0; text="ünï"
@ex.main
def main(_run, lr, how, n):
    print("printed", n, "ä")
    for i in range(3): _run.log_scalar("loss", lr*i, i)
    _run.log_scalar("nan", float("nan"))
    _run.info["matrix"]=np.arange(4).reshape(2,2); _run.info["n"]=n; _run.info["set"]={1}; _run.info["inf"]=float("inf")
    open("art.txt","w").write("artifact %d"%n); _run.add_artifact("art.txt")
    open("data.csv","w").write("1,2"); _run.add_resource("data.csv")
    if how=="fail": raise ValueError("broke")
    if how=="interrupt": raise KeyboardInterrupt
    if how=="timeout": raise TimeoutInterrupt()
    return {"n":n,"arr":np.float64(0.5)}
for n in range(30):
    how=["ok","ok","fail","interrupt","timeout"][n%5]
    try: ex.run(config_updates={"n":n,"how":how,"lr":1/(n+1),"seed":n}, options={"--loglevel":"ERROR"} if n!=7 else {"--queue":True,"--loglevel":"ERROR"})
    except BaseException as e: pass
