using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = "objects", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.bundle.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Webhooks", uniqueKey = "webhooks", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "WEBHOOKS", durableObjectNamespace = "Webhooks")],
);
