// What changed since the page was made.
//
// A browser has one stream of notices (server-sent events), as it allows few connections to a host:
// the tab that holds a lock receives the notices and forwards them to the other tabs. Where locks
// are missing, as on a page that another host serves without TLS, each visible tab has a stream.

/**
 * What the board reports: the locations that cannot be reached when a stream begins ("start"), a run
 * that is new or changed ("run"), a run that was deleted ("gone"), a location that cannot be reached
 * any more ("away") or can be reached again ("back"), notices that were missed, so that everything
 * shown has to be read again ("refresh"), and the end of the board ("stopped").
 * @typedef {{type: "start", outages: Record<string, {reason: string, retry_in: number}>}
 *   | {type: "run", slug: string, id: string | number, status: string}
 *   | {type: "gone", slug: string, id: string | number}
 *   | {type: "away", slug: string, reason: string, retry_in: number}
 *   | {type: "back", slug: string}
 *   | {type: "refresh"}
 *   | {type: "stopped"}} Notice
 */

/**
 * Why a location cannot be reached, and when it is tried again, by the clock of `Date.now`.
 * @typedef {{reason: string, retryAt: number}} Outage
 */

/**
 * Whether the stream is connected, and the locations that are away by their slugs. "waiting": the
 * stream is interrupted; "stopped": the board reported its end.
 * @typedef {{connection: "starting" | "open" | "waiting" | "stopped",
 *   outages: Record<string, Outage>}} State
 */

/** @typedef {{notice: Notice} | {state: State} | {question: "state"}} Message */

const NAME = "sacred-board-changes";
const FIRST_RETRY = 1000;
const LAST_RETRY = 30000;

/** @type {Set<(notice: Notice) => void>} */
const listeners = new Set();
/** @type {Set<(state: State) => void>} */
const stateListeners = new Set();
/** @type {State} */
let state = {connection: "starting", outages: {}};
/** @type {BroadcastChannel | null} */
let channel = null;
/** @type {EventSource | null} */
let source = null;
/** @type {number | undefined} */
let timer;
let delay = FIRST_RETRY;
let release = () => {};
let isStarted = false;
let wasOpen = false;

/**
 * Call a function with each notice.
 * @param {(notice: Notice) => void} listener
 * @returns {() => void} a function that ends this
 */
export function onChange(listener) {
  listeners.add(listener);
  start();
  return () => listeners.delete(listener);
}

/**
 * Call a function with the state of the stream, now and whenever it changes.
 * @param {(state: State) => void} listener
 * @returns {() => void} a function that ends this
 */
export function onState(listener) {
  stateListeners.add(listener);
  start();
  listener(state);
  return () => stateListeners.delete(listener);
}

function start() {
  if (isStarted) return;
  isStarted = true;
  const canShare = navigator.locks && "BroadcastChannel" in window;
  if (canShare) share();
  else followVisibility();
  // A page that the user left may be shown again: it has missed what happened meanwhile.
  addEventListener("pagehide", () => {
    disconnect();
    release();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    if (canShare) requestStream();
    else connect();
    deliver({type: "refresh"});
  });
}

/** Receive the notices of the tab that holds the lock, or hold it. */
function share() {
  channel = new BroadcastChannel(NAME);
  channel.addEventListener("message", (event) => receive(event.data));
  publish({question: "state"});
  requestStream();
}

/** Wait for the lock, and have the stream while this tab holds it. */
function requestStream() {
  void navigator.locks.request(NAME, () => {
    // Another tab had the stream: what happened between both streams is unknown.
    wasOpen = state.connection !== "starting";
    connect();
    return new Promise((resolve) => {
      release = () => resolve(null);
    });
  });
}

/** Have a stream while the tab is visible. */
function followVisibility() {
  const update = () => {
    if (document.hidden) disconnect();
    else if (!source) connect();
  };
  document.addEventListener("visibilitychange", update);
  update();
}

/** @param {Message} message of another tab */
function receive(message) {
  if ("notice" in message) deliver(message.notice);
  else if ("state" in message) setState(message.state);
  else if (source || timer) publish({state});
}

/** @param {Message} message for other tabs */
function publish(message) {
  channel?.postMessage(message);
}

function connect() {
  clearTimeout(timer);
  timer = undefined;
  source = new EventSource("/changes");
  source.addEventListener("message", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", retry);
}

function disconnect() {
  clearTimeout(timer);
  timer = undefined;
  source?.close();
  source = null;
}

/** Connect again later: browsers would try each second, or not at all after a refusal. */
function retry() {
  disconnect();
  if (state.connection !== "stopped") changeState({...state, connection: "waiting"});
  timer = setTimeout(connect, delay);
  delay = Math.min(2 * delay, LAST_RETRY);
}

/** @param {Notice} notice from the stream */
function take(notice) {
  publish({notice});
  if (notice.type === "start") {
    delay = FIRST_RETRY;
    const outages = Object.entries(notice.outages).map(([slug, own]) => [slug, toOutage(own)]);
    changeState({connection: "open", outages: Object.fromEntries(outages)});
  } else if (notice.type === "away") {
    changeState({...state, outages: {...state.outages, [notice.slug]: toOutage(notice)}});
  } else if (notice.type === "back") {
    const {[notice.slug]: _, ...outages} = state.outages;
    changeState({...state, outages});
  } else if (notice.type === "stopped") {
    changeState({...state, connection: "stopped"});
  }
  deliver(notice);
  if (notice.type !== "start") return;
  if (wasOpen) take({type: "refresh"});
  wasOpen = true;
}

/**
 * @param {{reason: string, retry_in: number}} found
 * @returns {Outage}
 */
function toOutage({reason, retry_in}) {
  return {reason, retryAt: Date.now() + 1000 * retry_in};
}

/** @param {State} changed */
function changeState(changed) {
  publish({state: changed});
  setState(changed);
}

/** @param {State} changed */
function setState(changed) {
  state = changed;
  for (const listener of stateListeners) listener(state);
}

/** @param {Notice} notice */
function deliver(notice) {
  for (const listener of listeners) listener(notice);
}
