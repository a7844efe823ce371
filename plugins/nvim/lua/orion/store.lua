--- One store, as this editor knows it: a connection that is found again when it is lost, and what was asked meanwhile.
--- It stands on the editor's own client of JSON-RPC (`vim.lsp.rpc`), which frames and reads the messages.
local config = require('orion.config')
local feeds = require('orion.feeds')
local paint = require('orion.paint')
local program = require('orion.program')

local M = {}
local Store = {}
Store.__index = Store

--- Stores by the root of their repositories.
local stores = {}
local last_used

local request_max_ms = 60000
local attempts_max = 4
local handshake_max_ms = 60000
local retry_min_ms, retry_max_ms, failed_retry_ms = 200, 10000, 30000

math.randomseed(vim.uv.hrtime() % 2 ^ 31)

local function random_id()
  local bytes = vim.uv.random(16)
  return (bytes:gsub('.', function(byte)
    return ('%02x'):format(byte:byte())
  end))
end

--- Where the repository of a buffer begins; without one, the current directory.
local function root_of(buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  local begin = vim.bo[buffer].buftype == '' and name ~= '' and name or vim.fn.getcwd()
  local found = vim.fs.root(begin, { '.git', '.orion' }) or vim.fn.getcwd()
  return vim.fs.normalize(vim.uv.fs_realpath(found) or found)
end

--- The store of a repository.
function M.at(root)
  if not stores[root] then
    stores[root] = setmetatable({
      root = root,
      state = 'idle',
      problem = nil,
      feeds = {},
      queue = {},
      pending = {},
      tries = 0,
      life = 0,
      session = random_id(),
      watchers = {},
      facts = { failing = 0, waiting = 0 },
    }, Store)
  end
  last_used = stores[root]
  return stores[root]
end

--- The store of the current buffer.
function M.current()
  local shown = vim.b.orion_root
  return M.at(shown or root_of(0))
end

--- Ends every connection.
function M.close_all()
  for _, store in pairs(stores) do
    store:close()
  end
end

--- Forgets every store, as a fresh editor would.
function M.forget()
  M.close_all()
  stores, last_used = {}, nil
end

--- Calls back whenever the state of the connection changes, until the function that it returns is called.
function Store:watch(callback)
  self.watchers[callback] = true
  return function()
    self.watchers[callback] = nil
  end
end

function Store:_enter(state, problem)
  self.state, self.problem = state, problem
  for callback in pairs(self.watchers) do
    callback(self)
  end
  vim.schedule(paint.status_lines)
end

--- Asks the daemon something, now or as soon as there is one. What was lost with a connection is asked again on the next:
--- reads do no harm, and writes carry a key.
---
---@param method string
---@param params table?
---@param done fun(problem: table?, result: any)
function Store:request(method, params, done)
  local entry = { method = method, params = params or vim.empty_dict(), done = done, attempts = 0 }
  entry.timer = vim.defer_fn(function()
    self:_finish(entry, { kind = 'timeout', message = ('no answer to %s in %d s'):format(method, request_max_ms / 1000) })
  end, request_max_ms)
  if self.state == 'ready' then
    self:_send(entry)
  else
    table.insert(self.queue, entry)
    self:start()
  end
end

--- Asks for a write. It has a key of its own, so that it happens once however often it is sent.
function Store:write(method, params, done)
  params = vim.tbl_extend('force', { idempotencyKey = 'nvim-' .. random_id(), expectedEpoch = self.epoch }, params)
  self:request(method, params, done)
end

--- Asks and waits, for completion: only while a connection is ready, and not for long.
function Store:request_now(method, params, time_ms)
  if self.state ~= 'ready' then
    return nil
  end
  local answer
  self:request(method, params, function(problem, result)
    answer = { result = not problem and result or nil }
  end)
  vim.wait(time_ms, function()
    return answer ~= nil
  end, 5)
  return answer and answer.result
end

function Store:_finish(entry, problem, result)
  if entry.finished then
    return
  end
  entry.finished = true
  self.pending[entry] = nil
  pcall(function()
    entry.timer:stop()
    entry.timer:close()
  end)
  entry.done(problem, result)
end

function Store:_send(entry)
  if entry.finished then
    return
  end
  local life = self.life
  entry.attempts = entry.attempts + 1
  self.pending[entry] = true
  local sent = self.rpc.request(entry.method, entry.params, function(err, result)
    if self.life ~= life then
      return
    end
    if err then
      local data = err.data or {}
      -- It ends, and the next one will answer.
      if data.kind == 'draining' and entry.attempts < attempts_max then
        self.pending[entry] = nil
        table.insert(self.queue, entry)
        return
      end
      return self:_finish(entry, { kind = data.kind or 'internal', message = err.message, remedy = data.remedy, data = data })
    end
    self:_finish(entry, nil, result)
  end)
  if not sent and self.pending[entry] then
    self.pending[entry] = nil
    table.insert(self.queue, entry)
  end
end

--- Subscribes: see `orion.feeds`.
function Store:subscribe(options, handlers)
  local feed = feeds.new(self, options, handlers)
  table.insert(self.feeds, feed)
  if self.state == 'ready' then
    feed:open()
  else
    self:start()
  end
  return feed
end

--- Connects, if it is not under way.
function Store:start()
  if self.state == 'ready' or self.state == 'starting' then
    return
  end
  if self.retry then
    self.retry:stop()
    self.retry = nil
  end
  local command, problem = program.command(self.root)
  if not command then
    return self:_fail(problem)
  end
  self.life = self.life + 1
  self:_enter('starting')
  if config.get().transport == 'socket' then
    self:_dial(self.life)
  else
    self:_spawn(self.life, command)
  end
end

--- As editors start a language server: the program finds or starts the daemon, and passes the messages on.
function Store:_spawn(life, command)
  local cmd = vim.list_extend(vim.list_slice(command), { 'stdio' })
  local ok, rpc = pcall(vim.lsp.rpc.start, cmd, self:_dispatchers(life), { cwd = self.root })
  if not ok then
    return self:_fail({ kind = 'no_program', message = tostring(rpc), remedy = 'see :checkhealth orion' })
  end
  self:_greet(life, rpc)
end

--- The daemon's own socket, as `orion endpoint` tells.
function Store:_dial(life)
  program.json(self.root, { 'endpoint' }, function(problem, endpoint)
    if self.life ~= life then
      return
    end
    if problem then
      return self:_fail(problem)
    end
    local ok, rpc = pcall(function()
      return vim.lsp.rpc.connect(endpoint.socket)(self:_dispatchers(life))
    end)
    if not ok then
      return self:_lost(life)
    end
    self:_greet(life, rpc)
  end)
end

function Store:_dispatchers(life)
  return {
    notification = function(method, params)
      if self.life == life then
        feeds.dispatch(self.feeds, method, params)
      end
    end,
    server_request = function(method)
      return nil, vim.lsp.rpc.rpc_response_error(vim.lsp.protocol.ErrorCodes.MethodNotFound, 'there is no ' .. method)
    end,
    on_error = function() end,
    on_exit = vim.schedule_wrap(function(code)
      self:_lost(life, code)
    end),
  }
end

--- The handshake. The daemon answers it when it can serve.
function Store:_greet(life, rpc)
  self.rpc = rpc
  local over = vim.defer_fn(function()
    if self.life == life and self.state == 'starting' then
      self:_fail({ kind = 'timeout', message = ('no handshake in %d s'):format(handshake_max_ms / 1000), remedy = 'see :checkhealth orion' })
    end
  end, handshake_max_ms)
  local hello = {
    protocol = { min = 1, max = 1 },
    client = { name = 'orion-nvim', version = program.version, kind = 'editor' },
    processId = vim.fn.getpid(),
    sessionId = self.session,
    workspace = { root = self.root },
    token = program.token(),
  }
  rpc.request('initialize', hello, function(err, result)
    pcall(function()
      over:stop()
      over:close()
    end)
    if self.life ~= life then
      return
    end
    if err then
      local data = err.data or {}
      -- A daemon that ends is followed by another.
      if data.retryable then
        return self:_lost(life)
      end
      return self:_fail({ kind = data.kind or 'internal', message = err.message, remedy = data.remedy, data = data })
    end
    self:_ready(result)
  end)
end

function Store:_ready(hello)
  self.hello, self.epoch, self.tries = hello, hello.epoch, 0
  self:_enter('ready')
  for _, feed in ipairs(self.feeds) do
    feed:open()
  end
  local waiting = self.queue
  self.queue = {}
  for _, entry in ipairs(waiting) do
    self:_send(entry)
  end
  require('orion.pulse').begin(self)
end

--- The connection is gone. Whoever needs one gets the next; nobody is told unless it can't be had.
function Store:_lost(life, code)
  if self.life ~= life or self.state == 'idle' then
    return
  end
  local was_ready = self.state == 'ready'
  self:_drop()
  if not was_ready and code and code ~= 0 then
    -- It was not even opened: what is wrong is what the program says when it is asked for the daemon alone.
    self:_enter('lost')
    local after = self.life
    return program.json(self.root, { 'endpoint' }, function(problem)
      if self.life ~= after then
        return
      end
      if problem then
        return self:_fail(problem)
      end
      self:_again()
    end)
  end
  self:_enter('lost')
  self:_again()
end

--- Ends what is left of a connection, and keeps what was asked on it.
function Store:_drop()
  self.life = self.life + 1
  local rpc = self.rpc
  self.rpc = nil
  if rpc and not rpc.is_closing() then
    pcall(rpc.terminate)
  end
  for _, feed in ipairs(self.feeds) do
    feed:lost()
  end
  local pending = vim.tbl_keys(self.pending)
  self.pending = {}
  for _, entry in ipairs(pending) do
    if entry.attempts >= attempts_max then
      self:_finish(entry, { kind = 'disconnected', message = 'the connection was lost each time it was asked' })
    else
      table.insert(self.queue, entry)
    end
  end
end

function Store:_again(delay_ms)
  if #self.feeds == 0 and #self.queue == 0 then
    return self:_enter('idle', self.problem)
  end
  self.tries = self.tries + 1
  local pause = delay_ms or math.min(retry_max_ms, retry_min_ms * 2 ^ math.min(self.tries - 1, 10)) * (0.5 + math.random())
  self.retry = vim.defer_fn(function()
    self.retry = nil
    if self.state == 'lost' or self.state == 'failed' then
      self:start()
    end
  end, math.floor(pause))
end

--- It can't be had: whoever asked is told why. It is tried again when somebody asks again, and slowly while something is
--- shown that lives on it.
function Store:_fail(problem)
  self:_drop()
  self:_enter('failed', problem)
  local waiting = self.queue
  self.queue = {}
  for _, entry in ipairs(waiting) do
    self:_finish(entry, problem)
  end
  if self.state == 'failed' and #self.feeds > 0 and not self.retry then
    self:_again(failed_retry_ms)
  end
end

--- Connects anew, whatever the state.
function Store:restart()
  self:_drop()
  self.tries = 0
  self:_enter('lost')
  self:start()
end

--- Ends the connection, and all that lives on it.
function Store:close()
  self.life = self.life + 1
  if self.retry then
    self.retry:stop()
    self.retry = nil
  end
  local rpc = self.rpc
  self.rpc, self.feeds, self.queue, self.pending = nil, {}, {}, {}
  self.state, self.pulse = 'idle', nil
  if rpc and not rpc.is_closing() then
    pcall(rpc.notify, 'exit')
    pcall(rpc.terminate)
  end
end

--- The facts of the status line; see `orion.status_facts`.
function M.status_facts()
  local store = last_used
  if not store then
    return nil
  end
  return {
    state = store.state,
    failing = store.facts.failing,
    waiting = store.facts.waiting,
    problem = store.problem and store.problem.kind or nil,
  }
end

local words = { starting = 'orion …', lost = 'orion …', failed = 'orion: no daemon', idle = '', ready = 'orion' }

--- The text of the status line; see `orion.status`.
function M.status_text()
  local facts = M.status_facts()
  if not facts then
    return ''
  end
  local parts = {}
  if facts.state == 'ready' or facts.state == 'lost' then
    if facts.failing > 0 then
      table.insert(parts, facts.failing .. ' failing')
    end
    if facts.waiting > 0 then
      table.insert(parts, facts.waiting .. (facts.waiting == 1 and ' proposal' or ' proposals'))
    end
  end
  local word = words[facts.state]
  return #parts == 0 and word or word .. ': ' .. table.concat(parts, ', ')
end

return M
