// Leads one port of this network namespace's loopback to a unix socket, which every namespace can reach that shares the files. Plain
// JavaScript since it must run uncompiled.
//
// node lane.mjs PORT SOCKET
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

const [port, socket] = process.argv.slice(2);
createServer((from) => {
  const to = connect(socket);
  pipeline(from, to, () => undefined);
  pipeline(to, from, () => undefined);
}).listen(Number(port), '127.0.0.1');
