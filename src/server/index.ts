/** The door `eddy/server`: a server inside your own program. */
export type { Client } from '../../client/sdk/index.js';
export { EddyError, type ErrorCode } from '../errors.js';
export type { AttachOptions } from './attachments.js';
export type { Role } from './auth/access.js';
export type { Applicant, Authorize } from './auth/authenticator.js';
export type { Grant } from './auth/grant.js';
export { createServer, type ServerOptions } from './create-server.js';
export type { AcceptOptions, Address, EddyServer, ListenOptions } from './eddy-server.js';
export type { AcceptedSocket, MessageData } from './socket/accepted-socket.js';
