-- Neovim's own language client against Orion: once as an editor starts a language server, once on the daemon's socket.
--
--   nvim --headless --clean -l neovim.lua COMMAND...
--
-- COMMAND is `orion` with whatever chooses the store. Prints one line of JSON with what the editor saw.

local orion = { unpack(arg) }
local patience_ms = 120000

local function command(...)
  return vim.list_extend(vim.list_slice(orion), { ... })
end

local function wait(what, holds)
  assert(vim.wait(patience_ms, holds, 10), 'waited in vain for ' .. what)
end

-- Methods of a client were plain functions up to 0.10 and are methods from 0.11 on.
local bound = vim.fn.has('nvim-0.11') == 0

local function method(client, name, ...)
  if bound then
    return client[name](...)
  end
  return client[name](client, ...)
end

local function request(client, name, params)
  local answer
  assert(method(client, 'request', name, params, function(err, result)
    answer = { error = err, result = result }
  end))
  wait('an answer to ' .. name, function()
    return answer ~= nil
  end)
  return answer
end

local function result(client, name, params)
  local answer = request(client, name, params)
  assert(answer.error == nil, name .. ': ' .. vim.inspect(answer.error))
  return answer.result
end

-- What an editor does for a code action or a key of the user's: it runs a command that the server has announced.
local function execute(client, name, params)
  local answer
  local action = { title = name, command = 'orion.' .. name, arguments = { params } }
  local handler = function(err, value)
    answer = { error = err, result = value }
  end
  if client.exec_cmd then
    client:exec_cmd(action, nil, handler)
  else
    client:_exec_cmd(action, nil, handler)
  end
  wait('an answer to the command ' .. name, function()
    return answer ~= nil
  end)
  assert(answer.error == nil, name .. ': ' .. vim.inspect(answer.error))
  return answer.result
end

local function start(name, cmd, handlers)
  local id = assert(vim.lsp.start({ name = name, cmd = cmd, handlers = handlers }))
  local client = assert(vim.lsp.get_client_by_id(id))
  wait('the handshake of ' .. name, function()
    return client.initialized == true
  end)
  return client
end

local function in_flight(client)
  local number = 0
  for _, connection in ipairs(result(client, 'daemon/status').connections) do
    if connection.client == 'Neovim/' .. tostring(vim.version()) then
      number = number + connection.inFlight
    end
  end
  return number
end

-- Waits until the daemon has answered what was cancelled; the question itself is one request under way.
local function cancelled_in_silence(client, token)
  local told = false
  local params = { patterns = { 'Never.*' }, after = token, waitMs = 60000 }
  local _, number = method(client, 'request', 'event/list', params, function()
    told = true
  end)
  local before = in_flight(client)
  method(client, 'cancel_request', number)
  wait('the end of what was cancelled', function()
    return in_flight(client) == 1
  end)
  return { told = told, before = before }
end

local function stop(client)
  method(client, 'stop')
  wait(client.name .. ' to end', function()
    return client.rpc.is_closing()
  end)
end

local events = {}
local handlers = {
  ['subscription/events'] = function(_, params)
    vim.list_extend(events, params.events)
  end,
}
local seen = { version = tostring(vim.version()) }

local server = start('orion', command('stdio'), handlers)
seen.commands = server.server_capabilities.executeCommandProvider.commands

local endpoint = vim.json.decode(vim.system(command('endpoint', '--json')):wait().stdout)
local rival = start('rival', vim.lsp.rpc.connect(endpoint.socket))

result(server, 'subscription/open', { patterns = { 'OrionInsight.*' } })
local data = { summary = 'written by an editor', domain = 'editors' }
seen.created = execute(server, 'record/create', { type = 'OrionInsight', id = 'nvim', data = data })
seen.read = result(rival, 'record/get', { type = 'OrionInsight', id = 'nvim' })

local function update(client, summary)
  local change = { type = 'OrionInsight', id = 'nvim', expectedVersion = 1, set = { summary = summary } }
  return request(client, 'record/update', change)
end
seen.won = update(rival, 'the rival was first').result
seen.lost = update(server, 'too late').error
seen.listed = execute(server, 'record/list', { type = 'OrionInsight', where = { domain = 'editors' } })

wait('two events', function()
  return #events >= 2
end)
seen.events = events
seen.cancelled = cancelled_in_silence(server, seen.listed.token)
stop(server)
stop(rival)
io.stdout:write(vim.json.encode(seen), '\n')
