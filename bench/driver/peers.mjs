// The clients: a program each, with the same command line.

import { existsSync } from 'node:fs';
import path from 'node:path';

/** Every peer that may be there. `coalesces`: it has a way to put several messages into one write by hand. */
const known = (build, clients) => [
  { id: 'raw', label: 'raw TCP', program: [path.join(build, 'raw_tcp_client')], coalesces: true, isLimit: true },
  { id: 'lws', label: 'libwebsockets', program: [path.join(build, 'lws_client')], needs: 'libwebsockets-dev' },
  { id: 'beast-sync', label: 'Boost.Beast, synchronous', program: [path.join(build, 'beast_sync_client')],
    coalesces: true, needs: 'libboost-dev' },
  { id: 'beast-async', label: 'Boost.Beast, asynchronous', program: [path.join(build, 'beast_async_client')],
    coalesces: true, needs: 'libboost-dev' },
  { id: 'websocketpp', label: 'websocketpp', program: [path.join(build, 'websocketpp_client')],
    needs: 'libwebsocketpp-dev' },
  { id: 'qt', label: 'Qt 6', program: [path.join(build, 'qt_client')], needs: 'qt6-websockets-dev' },
  { id: 'tungstenite', label: 'Rust tungstenite',
    program: [path.join(build, 'tungstenite/release/tungstenite_client')], coalesces: true,
    needs: 'cargo and librust-tungstenite-dev' },
  { id: 'ws', label: 'Node ws', program: [process.execPath, path.join(clients, 'ws_client.mjs')], coalesces: true,
    script: path.join(clients, 'ws_client.mjs'), slow: true },
  { id: 'websockets', label: 'Python websockets', program: ['/usr/bin/python3', path.join(clients, 'websockets_client.py')],
    script: path.join(clients, 'websockets_client.py'), needs: 'python3-websockets', slow: true },
];

/**
 * The peers that are there, Tidewire last.
 *
 * `chosen` are ids, empty for all; `others` are further builds of Tidewire's client, as "LABEL=PATH".
 */
export function findPeers({ build, clients, chosen, others }) {
  const missing = [];
  const peers = known(build, clients).filter((peer) => {
    if (chosen.length > 0 && !chosen.includes(peer.id)) return false;
    if (existsSync(peer.script ?? peer.program[0])) return true;
    missing.push(peer);
    return false;
  });
  const own = { id: 'tidewire', label: 'Tidewire', program: [path.join(build, 'tidewire_client')], isTidewire: true };
  const builds = others.map((text) => {
    const [label, program] = text.split('=');
    return { id: label, label: `Tidewire (${label})`, program: [path.resolve(program)], isTidewire: true };
  });
  return { peers: [...peers, own, ...builds], missing };
}
