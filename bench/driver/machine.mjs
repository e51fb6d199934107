// What the results depend on: the machine, and the versions of what was measured.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

function firstLine(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0];
  } catch {
    return '';
  }
}

const versionIn = (text) => /\d+(\.\d+)+/.exec(text)?.[0];

export function describeMachine() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return {
    processor: os.cpus()[0].model.trim(),
    processors: os.cpus().length,
    kernel: os.release(),
    system: /PRETTY_NAME="(.*)"/.exec(release)?.[1] ?? os.platform(),
  };
}

/** Versions by name, without those that are not there. */
export function findVersions(root, build) {
  const header = (file, name) =>
    existsSync(file) ? new RegExp(`#define ${name} "?([\\w.]+)"?`).exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  const npm = (name) => {
    const file = path.join(root, 'bench/node_modules', name, 'package.json');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
  };
  const lock = path.join(build, 'tungstenite/Cargo.lock');
  const crate = existsSync(lock) ? /name = "tungstenite"\nversion = "([^"]+)"/.exec(readFileSync(lock, 'utf8'))?.[1] : undefined;
  const websocketpp = '/usr/include/websocketpp/version.hpp';
  const part = (name) => /(\d+)/.exec(new RegExp(`${name} = (\\d+);`).exec(readFileSync(websocketpp, 'utf8'))?.[1] ?? '')?.[1];
  const found = {
    Tidewire: firstLine('git', ['-C', root, 'describe', '--always', '--dirty']),
    compiler: firstLine(process.env.CXX || 'c++', ['--version']),
    libwebsockets: versionIn(firstLine('pkg-config', ['--modversion', 'libwebsockets'])),
    OpenSSL: versionIn(firstLine('openssl', ['version'])),
    Boost: header('/usr/include/boost/version.hpp', 'BOOST_LIB_VERSION')?.replace('_', '.'),
    websocketpp: existsSync(websocketpp)
      ? ['major_version', 'minor_version', 'patch_version'].map(part).join('.')
      : undefined,
    'Qt': versionIn(firstLine('pkg-config', ['--modversion', 'Qt6WebSockets'])) ?? qtVersion(),
    tungstenite: crate,
    Node: process.version.slice(1),
    ws: npm('ws'),
    'Python websockets': firstLine('/usr/bin/python3', ['-c', 'import websockets.version as v; print(v.version)']),
    'reconnecting-websocket': npm('reconnecting-websocket'),
    'socket.io': npm('socket.io'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, version]) => version));
}

function qtVersion() {
  const folder = '/usr/lib';
  const library = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.endsWith('-linux-gnu'))
    .flatMap((entry) => readdirSync(path.join(folder, entry.name)).filter((name) => name.startsWith('libQt6WebSockets.so.6.')));
  return versionIn(library[0]?.replace('libQt6WebSockets.so.', '') ?? '');
}
