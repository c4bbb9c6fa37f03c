// A Redis Cluster of the caller's own: three nodes without replicas.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, type Running, start } from './processes.ts';
import type { Server } from './servers.ts';

export interface RedisCluster extends Server {
  /** All keys of each node. */
  keys(): Promise<readonly (readonly string[])[]>;
}

/** The slots of the three nodes. */
const SLOTS = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

export async function ownRedisCluster(): Promise<RedisCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-redis-cluster-'));
  const nodes: { readonly port: number; readonly server: Running; readonly client: Redis }[] = [];
  for (const [from, to] of SLOTS) {
    const port = await freePort();
    const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    // The port of the nodes among each other is 10,000 above by itself, which may not exist.
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`];
    const server = start('redis-server', [...place, ...cluster, '--cluster-config-file', `${port}.conf`]);
    await server.line(/Ready to accept connections/);
    const client = new Redis(port, '127.0.0.1');
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    nodes.push({ port, server, client });
  }
  const [first, ...others] = nodes;
  for (const { client } of others) {
    const busPort = /@(\d+)/.exec(String(await first?.client.call('CLUSTER', 'NODES')))?.[1] ?? '';
    await client.call('CLUSTER', 'MEET', '127.0.0.1', first?.port ?? 0, busPort);
  }
  const isReady = async ({ client }: { readonly client: Redis }) => {
    const info = String(await client.call('CLUSTER', 'INFO'));
    return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
  };
  while (!(await Promise.all(nodes.map(isReady))).every(Boolean)) await sleep(50);
  return {
    url: `redis://127.0.0.1:${first?.port}`,
    keys: () => Promise.all(nodes.map(({ client }) => client.keys('*'))),
    stop: async () => {
      for (const { client, server } of nodes) {
        client.disconnect();
        await server.kill();
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
