import java.nio.file.Path;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node on loopback: `Launch <http port> <data folder>`. SIGTERM closes it in order. */
public class Launch {
    public static void main(String[] args) throws Exception {
        String port = args[0];
        String base = Path.of(args[1]).toAbsolutePath().toString();
        OpenSearchRunner runner = new OpenSearchRunner();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close();
            } catch (Exception e) {
                e.printStackTrace();
            }
        }));
        runner.onBuild((number, settings) -> {
            settings.put("http.port", port);
            settings.put("network.host", "127.0.0.1");
            settings.put("transport.port", "0");
            settings.put("discovery.type", "single-node");
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
        });
        runner.build(OpenSearchRunner.newConfigs().basePath(base).numOfNode(1).clusterName("logdrive").useLogger());
        Thread.currentThread().join();
    }
}
