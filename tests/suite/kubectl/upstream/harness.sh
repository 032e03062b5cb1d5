# Runs one function of Kubernetes' own command line tests (test/cmd of its source) against a running server.
#
#   FUNCTION             the function
#   SOURCE               folder with hack/ and test/ of the source
#   SCRIPTS              its test/cmd/*.sh, adapted by the caller
#   SERVER               address of the server; KUBECONFIG says who asks
#   SUPPORTED            kinds that guarded parts may use, separated by blanks
#
# kubectl is the first on PATH. The working folder must be empty: some functions write into it.
export LANG=C TERM=dumb
KUBE_ROOT="$PWD"
KUBE_TEMP="$PWD/temp"
mkdir "$KUBE_TEMP"
export KUBE_TEMP
for part in "$SOURCE"/*; do
    ln -s "$part" "${part##*/}"
done

kube::log::status() { echo "+++ $*"; }
kube::log::info() { echo "$*"; }
kube::log::error() { echo "!!! $*" >&2; }
kube::log::error_exit() { echo "!!! $*" >&2; exit 1; }

# shellcheck source=/dev/null
{
    source "$SOURCE/hack/lib/util.sh"
    source "$SOURCE/hack/lib/test.sh"
    for script in "$SCRIPTS"/*.sh; do
        source "$script"
    done
}
set +o errexit +o nounset
kube::util::ensure-gnu-sed

# Names of resources and paths of fields, as the scripts expect them from their caller.
for resource in clusterroles configmaps csr deployments namespaces nodes persistentvolumeclaims persistentvolumes pods \
    podtemplates replicasets replicationcontrollers roles secrets serviceaccounts services statefulsets \
    subjectaccessreviews customresourcedefinitions daemonsets controllerrevisions; do
    export "$resource=$resource"
done
export job=job storageclass=storageclass
export id_field=.metadata.name labels_field=.metadata.labels annotations_field=.metadata.annotations
export generation_field=.metadata.generation secret_data=.data secret_type=.type
export change_cause_annotation='.*kubernetes.io/change-cause.*' template_labels=.spec.template.metadata.labels.name
export deployment_replicas=.spec.replicas rs_replicas_field=.spec.replicas statefulset_replicas_field=.spec.replicas
export statefulset_observed_generation=.status.observedGeneration service_selector_field=.spec.selector
export image_field='(index .spec.containers 0).image' pod_container_name_field='(index .spec.containers 0).name'
export image_field0='(index .spec.template.spec.containers 0).image'
export image_field1='(index .spec.template.spec.containers 1).image'
export container_name_field='(index .spec.template.spec.containers 0).name'
export container_len='(len .spec.template.spec.containers)'
export port_field='(index .spec.ports 0).port' port_name='(index .spec.ports 0).name'
export second_port_field='(index .spec.ports 1).port' second_port_name='(index .spec.ports 1).name'

# shellcheck disable=SC2034
{
    SUPPORTED_RESOURCES=()
    read -r -a SUPPORTED_RESOURCES <<< "$SUPPORTED"
    kube_flags=(-s "$SERVER")
    kube_flags_without_token=("${kube_flags[@]}")
    kube_flags_with_token=("${kube_flags[@]}")
}
CONTEXT="$(kubectl config current-context)"

create_and_use_new_namespace() {
    local name
    name="namespace-$(date +%s)-$RANDOM"
    kubectl create namespace "$name"
    kubectl config set-context "$CONTEXT" --namespace="$name"
}

"$FUNCTION"
echo "+++ $FUNCTION ended well"
