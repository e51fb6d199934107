// Serves folders over HTTP on a loopback port that the kernel chooses.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

// A page to run scripts in, which asks for nothing else.
const BLANK = '<!doctype html><title>Tidewire</title><link rel="icon" href="data:,">';

/**
 * `folders` maps the first part of a path to a folder: {dist: '/a/b'} serves /dist/x.js from /a/b/x.js. Any other path
 * is a blank page; one under /untyped/ is the file without its MIME type. What is posted goes to `post(path, body)`,
 * whose text is the answer, or whose error, with status 500. `headers` go with every answer, and as its content security
 * policy the `policy` of the query.
 */
export async function startStaticServer(folders, { post, headers = {} } = {}) {
  const server = createServer((request, response) => {
    Object.entries(headers).forEach(([name, value]) => response.setHeader(name, value));
    const { pathname, searchParams } = new URL(request.url, 'http://page');
    if (searchParams.has('policy')) {
      response.setHeader('content-security-policy', searchParams.get('policy'));
    }
    if (request.method === 'POST') {
      text(request)
        .then((body) => post(pathname, body))
        .then((said) => response.end(String(said ?? '')))
        .catch((error) => response.writeHead(500).end(String(error)));
      return;
    }
    answer(folders, pathname, response).catch(() => {
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
