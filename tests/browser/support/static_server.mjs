// Serves folders over HTTP on a loopback port that the kernel chooses.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

// A page to run scripts in, which asks for nothing else.
const BLANK = '<!doctype html><title>Tidewire</title><link rel="icon" href="data:,">';

/**
 * `folders` maps the first part of a path to a folder: {dist: '/a/b'} serves /dist/x.js from /a/b/x.js. Any other path
 * is a blank page; one under /untyped/ is the file without its MIME type.
 */
export async function startStaticServer(folders) {
  const server = createServer((request, response) => {
    answer(folders, new URL(request.url, 'http://page').pathname, response).catch(() => {
      response.writeHead(404).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(folders, pathname, response) {
  const untyped = pathname.startsWith('/untyped/');
  const [, folder, ...rest] = path.posix.normalize(untyped ? pathname.slice(8) : pathname).split('/');
  if (!Object.hasOwn(folders, folder)) {
    response.writeHead(200, { 'content-type': TYPES['.html'] }).end(BLANK);
    return;
  }
  const body = await readFile(path.join(folders[folder], ...rest));
  const type = TYPES[path.extname(pathname)];
  response.writeHead(200, untyped || !type ? {} : { 'content-type': type }).end(body);
}
