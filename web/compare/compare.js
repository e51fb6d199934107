import { ready } from 'tidewire';

import { openReconnectingWebSocket, openTidewire } from './feeds.js';
import { Pane } from './pane.js';
import { ScriptedNetwork } from './scripted_network.js';
import { findServedNetwork } from './served_network.js';
import { Truth } from './truth.js';

const SAYINGS = {
  cut: 'Cable cut: both connections are reset. Watch what was sent in between.',
  freeze: 'Frozen half-open: the connections stay, and nothing passes any more. Which side notices?',
  kill: 'Server killed. Another one starts in its place, and has no history.',
};

const field = (role) => document.querySelector(`[data-role="${role}"]`);

function connectPanes(network, truth) {
  const { base, WebSocket } = network;
  const template = document.querySelector('#pane');
  const left = new Pane(document.querySelector('#left'), template, truth);
  const right = new Pane(document.querySelector('#right'), template, truth);
  left.connect((handlers) => openReconnectingWebSocket({ base, WebSocket, ...handlers }));
  right.connect((handlers) => openTidewire({ base, ...handlers }));
  return [left, right];
}

/** However many ticks arrive, the page is drawn once per frame. */
function drawFrames(panes) {
  let last = performance.now();
  const draw = (now) => {
    for (const pane of panes) {
      pane.pass((now - last) / 1000);
      pane.render();
    }
    last = now;
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
}

function enableButtons(network) {
  for (const button of document.querySelectorAll('button[data-fault]')) {
    button.disabled = false;
    button.addEventListener('click', () => {
      network.harm(button.dataset.fault);
      field('saying').textContent = SAYINGS[button.dataset.fault];
    });
  }
}

const network = (await findServedNetwork()) ?? new ScriptedNetwork();
field('network').textContent = network.kind;
await ready({ WebSocket: network.WebSocket });
const truth = new Truth();
const panes = connectPanes(network, truth);
network.onSent = (tick) => {
  const key = truth.add(tick);
  panes.forEach((pane) => pane.send(key));
};
enableButtons(network);
drawFrames(panes);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => panes.forEach((pane) => pane.recolour()));
