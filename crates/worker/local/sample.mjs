// What Engage on Cloudflare is measured against: a Worker that does what the hybrid architecture's code sample does, and no more.
//
// A conversation is a Durable Object that keeps its whole state under one key and puts it anew with each message; its row in D1 is written in
// `waitUntil`, after the answer, once. Lists are one query of D1, a detail is the object's whole state, a conflict check is a look-up of the
// exact name in D1, of which the object keeps the result.
//
// It answers the routes that `engage bench --target` asks, in Engage's forms, for one firm. It checks no token, keeps no audit trail, and
// gives no summary of thousands of messages back with each one: where the sample leaves a choice, this is the cheaper one.

import { DurableObject } from "cloudflare:workers";

const TABLES = [
  `CREATE TABLE IF NOT EXISTS conversation_index (
    firmId TEXT NOT NULL, sessionId TEXT NOT NULL, userId TEXT, clientName TEXT, clientEmail TEXT, practiceArea TEXT,
    status TEXT, phase TEXT, assignedTo TEXT, conflictStatus TEXT, goalsCompleted INTEGER, goalsTotal INTEGER,
    dataQualityScore INTEGER, createdAt TEXT, lastActivity TEXT, isDeleted BOOLEAN DEFAULT FALSE,
    PRIMARY KEY (firmId, sessionId))`,
  "CREATE INDEX IF NOT EXISTS idx_firm_status ON conversation_index(firmId, status)",
  "CREATE INDEX IF NOT EXISTS idx_firm_assigned ON conversation_index(firmId, assignedTo)",
  "CREATE INDEX IF NOT EXISTS idx_firm_activity ON conversation_index(firmId, lastActivity)",
  "CREATE INDEX IF NOT EXISTS idx_firm_practice_area ON conversation_index(firmId, practiceArea)",
  "CREATE INDEX IF NOT EXISTS idx_firm_conflict_status ON conversation_index(firmId, conflictStatus)",
  "CREATE INDEX IF NOT EXISTS idx_firm_data_quality ON conversation_index(firmId, dataQualityScore)",
  `CREATE TABLE IF NOT EXISTS conflict_detection_index (
    firmId TEXT NOT NULL, conflictId TEXT NOT NULL, sessionId TEXT, conflictType TEXT, conflictEntity TEXT, matchType TEXT,
    confidence REAL, detectedAt TEXT, detectedBy TEXT, status TEXT, resolvedAt TEXT, resolvedBy TEXT, resolution TEXT, notes TEXT,
    PRIMARY KEY (firmId, conflictId))`,
  "CREATE INDEX IF NOT EXISTS idx_firm_conflict_entity ON conflict_detection_index(firmId, conflictEntity)",
];

export class ConversationSession extends DurableObject {
  async load() {
    this.state ??= await this.ctx.storage.get("state");
    return this.state;
  }

  async begin(state) {
    this.state = state;
    await this.save();
  }

  async addMessage(message) {
    const state = await this.load();
    state.messages.push(message);
    state.lastActivity = message.timestamp;
    state.dataQualityScore = this.calculateQualityScore();
    await this.save();
    return this.summary();
  }

  async checkConflict(name) {
    await this.load();
    const query = "SELECT conflictId, sessionId, conflictType FROM conflict_detection_index WHERE firmId = ? AND conflictEntity = ?";
    const { results } = await this.env.INDEX.prepare(query).bind(this.state.firmId, name).all();
    this.state.conflictStatus = results.length > 0 ? "conflict_detected" : "clear";
    await this.save();
    return { outcome: this.state.conflictStatus, matches: results };
  }

  async getFullState() {
    return this.load();
  }

  // 1. The primary state. 2. The index, after the answer.
  async save() {
    await this.ctx.storage.put("state", this.state);
    this.ctx.waitUntil(this.updateIndexes());
  }

  async updateIndexes() {
    const row = this.state;
    await this.env.INDEX.prepare(
      `INSERT OR REPLACE INTO conversation_index
       (firmId, sessionId, userId, clientName, clientEmail, practiceArea, status, phase, assignedTo, conflictStatus,
        goalsCompleted, goalsTotal, dataQualityScore, createdAt, lastActivity, isDeleted)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
      .bind(
        row.firmId, row.sessionId, row.userId, row.clientName, row.clientEmail, row.practiceArea, row.status, row.phase,
        row.assignedTo, row.conflictStatus, row.goalsCompleted, row.goalsTotal, row.dataQualityScore, row.createdAt,
        row.lastActivity, 0,
      )
      .run();
  }

  calculateQualityScore() {
    const { clientName, clientEmail, practiceArea, messages } = this.state;
    return [clientName, clientEmail, practiceArea, messages.length > 0].filter(Boolean).length * 25;
  }

  summary() {
    const { messages, ...summary } = this.state;
    return { ...summary, messageCount: messages.length };
  }
}

const json = (status, body) => Response.json(body, { status });

/** The state of a conversation that begins. */
function begun(firmId, sessionId, at, { clientName = null, clientEmail = null }, practiceArea) {
  return {
    firmId, sessionId, userId: null, clientName, clientEmail, practiceArea, status: "active", phase: "pre_login", assignedTo: null,
    conflictStatus: "pending", goalsCompleted: 0, goalsTotal: 0, dataQualityScore: 0, createdAt: at, lastActivity: at, messages: [],
  };
}

/** The state that the steps of an imported row lead to. */
function imported(firmId, { conversationId, practiceArea, steps }) {
  const [{ at, do: { start } }, ...rest] = steps;
  const state = begun(firmId, conversationId, at, start.identity, practiceArea);
  for (const { at, do: { message } } of rest) {
    state.messages.push({ id: crypto.randomUUID(), ...message, timestamp: at });
    state.lastActivity = at;
  }
  return state;
}

const routes = {
  async "POST firm"({ env }) {
    await env.INDEX.batch(TABLES.map((text) => env.INDEX.prepare(text)));
    return json(201, { firm: { firmId: env.FIRM } });
  },

  async "POST firm/imports/conversations"({ env, object, body }) {
    for (const row of body.rows) await object(row.conversationId).begin(imported(env.FIRM, row));
    return json(200, { rows: body.rows.map(({ conversationId }) => ({ conversationId, outcome: "imported" })) });
  },

  async "POST firm/imports/parties"({ env, body }) {
    const insert = env.INDEX.prepare(
      `INSERT OR REPLACE INTO conflict_detection_index (firmId, conflictId, conflictType, conflictEntity, matchType, status)
       VALUES (?, ?, ?, ?, 'exact', 'detected')`,
    );
    await env.INDEX.batch(body.parties.map(({ role, name }) => insert.bind(env.FIRM, crypto.randomUUID(), role, name)));
    return json(200, { imported: body.parties.length });
  },

  async "POST firm/conversations"({ env, object, body }) {
    const sessionId = crypto.randomUUID();
    await object(sessionId).begin(begun(env.FIRM, sessionId, new Date().toISOString(), body, body.practiceArea));
    return json(201, { conversation: { sessionId } });
  },

  async "GET firm/conversations"({ env, query }) {
    let text = `SELECT sessionId, userId, clientName, clientEmail, practiceArea, status, phase, assignedTo, conflictStatus,
      goalsCompleted, goalsTotal, dataQualityScore, lastActivity FROM conversation_index WHERE firmId = ? AND isDeleted = FALSE`;
    const params = [env.FIRM];
    for (const filter of ["status", "assignedTo", "practiceArea"]) {
      if (query.has(filter)) {
        text += ` AND ${filter} = ?`;
        params.push(query.get(filter));
      }
    }
    text += " ORDER BY lastActivity DESC LIMIT ?";
    const limit = Number(query.get("limit") ?? 50);
    params.push(limit);
    // Only for whoever counts rows; the sample knows no pages.
    const offset = Number(query.get("cursor") ?? 0);
    if (offset > 0) {
      text += " OFFSET ?";
      params.push(offset);
    }
    const { results } = await env.INDEX.prepare(text).bind(...params).all();
    const next = results.length === limit ? String(offset + limit) : null;
    return json(200, { conversations: results, page: { next }, source: "index" });
  },

  async "GET firm/conversations/:id"({ object, id }) {
    const { messages, ...conversation } = await object(id).getFullState();
    return json(200, { conversation, messages, source: "object" });
  },

  async "POST firm/conversations/:id/messages"({ object, id, body }) {
    const message = { id: crypto.randomUUID(), ...body, timestamp: new Date().toISOString() };
    return json(201, { message, conversation: await object(id).addMessage(message) });
  },

  // `matter` says for which conversation: the sample checks by conversation.
  async "POST firm/conflicts/check"({ object, body }) {
    return json(200, await object(body.matter).checkConflict(body.name));
  },
};

export default {
  async fetch(request, env) {
    const { pathname, searchParams: query } = new URL(request.url);
    const path = pathname.replace(/^\/api\/v1\//, "");
    const [, id] = /^firm\/conversations\/([^/]+)/.exec(path) ?? [];
    const route = routes[`${request.method} ${id ? path.replace(id, ":id") : path}`];
    if (!route) return json(404, { code: "not_found" });
    const object = (name) => env.CONVERSATION.get(env.CONVERSATION.idFromName(name));
    const body = request.method === "POST" ? await request.json() : undefined;
    return route({ env, object, body, query, id });
  },
};
