// Runs the contract suite's program where this script is loaded: in a page, in a Web Worker of it, or in Node by
// contract_node.mjs. It is told everything by the query of its address (program=/path, worker=1, package=/path of a script
// to load first, and what is to be in the program's environment), and tells everything by POST to where it came from,
// because that works everywhere. `load(address)` runs a script, perhaps later. Returns the function to call with an error
// that has no handler.

globalThis.runContract = (address, load, module = {}) => {
  const { program, worker, package: bundle, ...environment } = Object.fromEntries(new URL(address).searchParams);
  const source = new URL(program, address).href;

  const post = async (path, body = '') => {
    const response = await fetch(new URL(path, address), { method: 'POST', body });
    const answer = await response.text();
    if (!response.ok) {
      throw new Error(answer);
    }
    return answer;
  };
  // One after the other, or lines would overtake each other.
  let told = Promise.resolve();
  const tell = (path, body) => {
    told = told.then(() => post(path, String(body)));
  };
  const fail = (why) => {
    tell('/print', why);
    tell('/exit', 1);
  };

  globalThis.tidewireControl = (command) => post(`/control/${command}`);
  globalThis.addEventListener?.('error', (event) => fail(`an error nobody caught: ${event.message}`));
  globalThis.Module = {
    ...module,
    preRun: [({ ENV }) => Object.assign(ENV, environment)],
    arguments: ['--no-colors=true'],
    locateFile: (name) => new URL(name, source).href,
    print: (line) => tell('/print', line),
    printErr: (line) => tell('/print', line),
    onExit: (code) => tell('/exit', code),
    onAbort: (what) => fail(`the program aborted: ${what}`),
  };
  const loadPackage = async () => {
    const script = new URL(bundle, address);
    await load(script.href);
    await Tidewire.ready({ wasmUrl: new URL('tidewire.wasm', script).href });
  };
  Promise.resolve(bundle && loadPackage())
    .then(() => load(source))
    .catch((error) => fail(String(error)));
  return fail;
};

if (globalThis.importScripts) {
  runContract(location.href, importScripts);
} else if (globalThis.document && new URLSearchParams(location.search).has('worker')) {
  new Worker(`contract.js${location.search}`);
} else if (globalThis.document) {
  const load = (src) =>
    new Promise((resolve) => {
      document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve }));
    });
  runContract(location.href, load);
}
