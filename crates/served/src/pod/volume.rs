//! A volume of a Pod.

use super::container::{named, optional, own_field, own_resource};
use crate::common::label_selector;
use crate::schema::{Schema, atomic_list, boolean, int32, int64, map, object, quantity, string, string_map};

/// A volume.
pub(super) fn volume() -> Schema {
    let volume = object().required("name", string());
    shared(cloud_disks(network(local(projections(volume)))))
}

/// What Kubernetes knows itself.
fn projections(volume: Schema) -> Schema {
    let mode = || int32();
    let secret = object().field("secretName", string()).field("items", items());
    volume
        .field("configMap", optional(named().field("items", items())).field("defaultMode", mode()))
        .field("secret", optional(secret).field("defaultMode", mode()))
        .field("downwardAPI", object().field("items", own_items()).field("defaultMode", mode()))
        .field("projected", object().field("sources", atomic_list(projected())).field("defaultMode", mode()))
}

fn projected() -> Schema {
    let bundle = optional(object().required("path", string()).strings(&["name", "signerName"]))
        .field("labelSelector", label_selector());
    let certificate = object()
        .required_strings(&["keyType", "signerName"])
        .strings(&["certificateChainPath", "credentialBundlePath", "keyPath"])
        .field("maxExpirationSeconds", int32())
        .field("userAnnotations", string_map());
    let token = object().required("path", string()).field("audience", string()).field("expirationSeconds", int64());
    object()
        .field("clusterTrustBundle", bundle)
        .fields(&["configMap", "secret"], &optional(named().field("items", items())))
        .field("downwardAPI", object().field("items", own_items()))
        .field("podCertificate", certificate)
        .field("serviceAccountToken", token)
}

fn items() -> Schema {
    atomic_list(object().required_strings(&["key", "path"]).field("mode", int32()))
}

fn own_items() -> Schema {
    let item = object()
        .required("path", string())
        .field("mode", int32())
        .field("fieldRef", own_field())
        .field("resourceFieldRef", own_resource());
    atomic_list(item)
}

/// What is on the node, or comes and goes with the Pod.
fn local(volume: Schema) -> Schema {
    let template = object().field("metadata", super::metadata()).required("spec", claim());
    volume
        .field("emptyDir", object().field("medium", string()).field("sizeLimit", quantity()))
        .field("ephemeral", object().field("volumeClaimTemplate", template))
        .field("gitRepo", object().required("repository", string()).strings(&["directory", "revision"]))
        .field("hostPath", object().required("path", string()).field("type", string()))
        .field("image", object().strings(&["pullPolicy", "reference"]))
}

fn claim() -> Schema {
    let source = || object().required_strings(&["kind", "name"]).field("apiGroup", string());
    object()
        .field("accessModes", atomic_list(string()))
        .field("dataSource", source().atomic())
        .field("dataSourceRef", source().field("namespace", string()))
        .field("resources", object().fields(&["limits", "requests"], &map(quantity())))
        .field("selector", label_selector())
        .strings(&["storageClassName", "volumeAttributesClassName", "volumeMode", "volumeName"])
}

/// An object whose files may be protected.
fn disk() -> Schema {
    object().field("readOnly", boolean())
}

/// Disks that a cloud attaches.
fn cloud_disks(volume: Schema) -> Schema {
    let formatted = || disk().field("fsType", string());
    let azure = disk()
        .field("readOnly", boolean().default(false))
        .required_strings(&["diskName", "diskURI"])
        .strings(&["cachingMode", "kind"])
        .field("fsType", string().default("ext4"));
    let vsphere =
        object().required("volumePath", string()).strings(&["fsType", "storagePolicyID", "storagePolicyName"]);
    volume
        .field("awsElasticBlockStore", formatted().required("volumeID", string()).field("partition", int32()))
        .field("azureDisk", azure)
        .field("azureFile", disk().required_strings(&["secretName", "shareName"]))
        .field("cinder", formatted().required("volumeID", string()).field("secretRef", named()))
        .field("gcePersistentDisk", formatted().required("pdName", string()).field("partition", int32()))
        .field("photonPersistentDisk", object().required("pdID", string()).field("fsType", string()))
        .field("portworxVolume", formatted().required("volumeID", string()))
        .field("vsphereVolume", vsphere)
}

/// File systems and disks of a network.
fn network(volume: Schema) -> Schema {
    let monitors = || atomic_list(string());
    let ceph =
        disk().required("monitors", monitors()).strings(&["path", "secretFile", "user"]).field("secretRef", named());
    let fibre =
        disk().strings(&["fsType"]).field("lun", int32()).fields(&["targetWWNs", "wwids"], &atomic_list(string()));
    let iscsi = disk()
        .required_strings(&["iqn", "targetPortal"])
        .required("lun", int32())
        .fields(&["chapAuthDiscovery", "chapAuthSession"], &boolean())
        .strings(&["fsType", "initiatorName"])
        .field("iscsiInterface", string().default("default"))
        .field("portals", atomic_list(string()))
        .field("secretRef", named());
    let rbd = disk()
        .required("image", string())
        .required("monitors", monitors())
        .field("fsType", string())
        .field("keyring", string().default("/etc/ceph/keyring"))
        .field("pool", string().default("rbd"))
        .field("user", string().default("admin"))
        .field("secretRef", named());
    volume
        .field("cephfs", ceph)
        .field("fc", fibre)
        .field("glusterfs", disk().required_strings(&["endpoints", "path"]))
        .field("iscsi", iscsi)
        .field("nfs", disk().required_strings(&["path", "server"]))
        .field("rbd", rbd)
}

/// What somebody else stores.
fn shared(volume: Schema) -> Schema {
    let csi = disk()
        .required("driver", string())
        .field("fsType", string())
        .field("nodePublishSecretRef", named())
        .field("volumeAttributes", string_map());
    let flex = disk()
        .required("driver", string())
        .field("fsType", string())
        .field("options", string_map())
        .field("secretRef", named());
    let scale = disk()
        .required_strings(&["gateway", "system"])
        .required("secretRef", named())
        .field("fsType", string().default("xfs"))
        .field("sslEnabled", boolean())
        .field("storageMode", string().default("ThinProvisioned"))
        .strings(&["protectionDomain", "storagePool", "volumeName"]);
    volume
        .field("csi", csi)
        .field("flexVolume", flex)
        .field("flocker", object().strings(&["datasetName", "datasetUUID"]))
        .field("persistentVolumeClaim", disk().required("claimName", string()))
        .field("quobyte", disk().required_strings(&["registry", "volume"]).strings(&["group", "tenant", "user"]))
        .field("scaleIO", scale)
        .field("storageos", disk().strings(&["fsType", "volumeName", "volumeNamespace"]).field("secretRef", named()))
}
