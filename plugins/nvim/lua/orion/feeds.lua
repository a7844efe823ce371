--- One subscription as long as somebody wants it, over all connections. It keeps the position of what it has handled, and
--- goes on from there: nothing is missed, and nothing comes twice.
local M = {}
local Feed = {}
Feed.__index = Feed

--- Most events of one notification, so that reading one is short.
local window_events = 64

---@param options table patterns, include?, policy?, where?
---@param handlers table opened?(resumed), events(events), gap?(reason), closed?(problem)
function M.new(store, options, handlers)
  return setmetatable({ store = store, options = options, on = handlers }, Feed)
end

--- Opens it on the present connection.
function Feed:open()
  if self.ended or self.opening or self.id then
    return
  end
  self.opening = true
  local from = self.token
  local life = self.store.life
  local params = vim.tbl_extend('force', {
    from = from or 'now',
    windowEvents = window_events,
    onGap = 'continue',
    allowUnknown = true,
    include = 'none',
  }, self.options)
  -- Not by the queue of the store: a connection that is lost opens each feed itself.
  self.store.rpc.request('subscription/open', params, function(err, result)
    if self.ended or self.store.life ~= life then
      return
    end
    self.opening = false
    if err then
      return self:_refused(err, from)
    end
    self.id = result.subscriptionId
    self.token = from or result.token
    if self.on.opened then
      self.on.opened(from ~= nil)
    end
  end)
end

function Feed:_refused(err, from)
  local data = err.data or {}
  if data.kind == 'token_invalid' and from then
    -- Another store is in its place: what was missed can't be known.
    self.token = nil
    if self.on.gap then
      self.on.gap('store')
    end
    return self:open()
  end
  if not data.retryable then
    self:close()
    if self.on.closed then
      self.on.closed({ kind = data.kind, message = err.message, remedy = data.remedy })
    end
  end
end

--- The connection is gone.
function Feed:lost()
  self.id, self.opening = nil, nil
end

--- Ends it. Safe to repeat.
function Feed:close()
  if self.ended then
    return
  end
  self.ended = true
  local store = self.store
  for index, feed in ipairs(store.feeds) do
    if feed == self then
      table.remove(store.feeds, index)
      break
    end
  end
  if self.id and store.state == 'ready' then
    store.rpc.request('subscription/close', { subscriptionId = self.id }, function() end)
  end
  self.id = nil
end

function Feed:_take(method, params)
  if method == 'subscription/events' then
    self.token = params.token
    self.on.events(params.events)
  elseif method == 'subscription/bookmark' then
    self.token = params.token
  elseif method == 'subscription/gap' then
    self.token = params.token
    if self.on.gap then
      self.on.gap(params.reason)
    end
  elseif method == 'subscription/closed' and (params.reason == 'forbidden' or params.reason == 'error') then
    self.id = nil
    self:close()
    if self.on.closed then
      self.on.closed({ kind = 'forbidden', message = 'the daemon ended the subscription: ' .. params.reason })
    end
  end
end

--- Hands a notification to the feeds that it is for.
function M.dispatch(feeds, method, params)
  if type(params) ~= 'table' then
    return
  end
  local ids = params.subscriptionIds or { params.subscriptionId }
  -- A handler may close feeds.
  for _, feed in ipairs(vim.list_slice(feeds)) do
    if feed.id and vim.tbl_contains(ids, feed.id) then
      feed:_take(method, params)
    end
  end
end

return M
