"""A `W` function is always the one called: neither its `A` twin nor the macro that picks one.

The names are those of the Win32 functions that exist as an A and W pair and that a program of this
kind could call. Names that are not in the list are nobody's business here.
"""

import re

from lintlib import Finding, line_of, strip_to_code

EXCEPTIONS = ()

PAIRS = frozenset("""
    AbortSystemShutdown AccessCheckAndAuditAlarm AccessCheckByTypeAndAuditAlarm
    AccessCheckByTypeResultListAndAuditAlarm AccessCheckByTypeResultListAndAuditAlarmByHandle
    AddAtom AddConsoleAlias AssocQueryKey AssocQueryString AssocQueryStringByKey BackupEventLog
    BeginUpdateResource BroadcastSystemMessage BroadcastSystemMessageEx BuildCommDCB
    BuildCommDCBAndTimeouts BuildExplicitAccessWithName BuildImpersonateExplicitAccessWithName
    BuildImpersonateTrustee BuildSecurityDescriptor BuildTrusteeWithName
    BuildTrusteeWithObjectsAndName BuildTrusteeWithObjectsAndSid BuildTrusteeWithSid
    CallMsgFilter CallNamedPipe CertAddEncodedCertificateToSystemStore CertGetNameString
    CertNameToStr CertOpenSystemStore CertRDNValueToStr CertStrToName ChangeServiceConfig
    ChangeServiceConfig2 CharLower CharLowerBuff CharNext CharPrev CharToOem CharToOemBuff
    CharUpper CharUpperBuff CheckNameLegalDOS8Dot3 ClearEventLog ControlServiceEx
    ConvertSecurityDescriptorToStringSecurityDescriptor ConvertSidToStringSid
    ConvertStringSecurityDescriptorToSecurityDescriptor ConvertStringSidToSid CopyFile
    CopyFileEx CopyFileTransacted CreateActCtx CreateDesktop CreateDesktopEx CreateDirectory
    CreateDirectoryEx CreateDirectoryTransacted CreateEvent CreateEventEx CreateFile
    CreateFileMapping CreateFileMappingNuma CreateFileTransacted CreateHardLink
    CreateHardLinkTransacted CreateJobObject CreateMDIWindow CreateMailslot CreateMutex
    CreateMutexEx CreateNamedPipe CreateProcess CreateProcessAsUser CreateSemaphore
    CreateSemaphoreEx CreateService CreateSymbolicLink CreateSymbolicLinkTransacted
    CreateWaitableTimer CreateWaitableTimerEx CreateWindow CreateWindowEx CryptAcquireContext
    CryptBinaryToString CryptEnumProviderTypes CryptEnumProviders CryptGetDefaultProvider
    CryptRetrieveObjectByUrl CryptSetProvider CryptSetProviderEx CryptSignHash
    CryptStringToBinary CryptVerifySignature DecryptFile DefFrameProc DefMDIChildProc
    DefineDosDevice DeleteFile DeleteFileTransacted DeleteProfile DeleteVolumeMountPoint
    DispatchMessage DnsHostnameToComputerName DoEnvironmentSubst DragQueryFile DrawState
    DrawText DrawTextEx EncryptFile EndUpdateResource EnumCalendarInfo EnumCalendarInfoEx
    EnumDateFormats EnumDateFormatsEx EnumDependentServices EnumDesktops EnumDisplayDevices
    EnumLanguageGroupLocales EnumPageFiles EnumProps EnumPropsEx EnumResourceLanguages
    EnumResourceLanguagesEx EnumResourceNames EnumResourceNamesEx EnumResourceTypes
    EnumResourceTypesEx EnumServicesStatus EnumServicesStatusEx EnumSystemCodePages
    EnumSystemLanguageGroups EnumSystemLocales EnumTimeFormats EnumUILanguages
    ExpandEnvironmentStrings ExpandEnvironmentStringsForUser ExpungeConsoleCommandHistory
    FatalAppExit FileEncryptionStatus FillConsoleOutputCharacter FindActCtxSectionString
    FindAtom FindExecutable FindFirstChangeNotification FindFirstFile FindFirstFileEx
    FindFirstFileTransacted FindFirstVolume FindFirstVolumeMountPoint FindNextFile
    FindNextVolume FindNextVolumeMountPoint FindResource FindResourceEx FindWindow FindWindowEx
    FormatMessage FreeEnvironmentStrings FreeGPOList GetAcceptLanguages GetAddrInfoEx
    GetAllUsersProfileDirectory GetAltTabInfo GetAppliedGPOList GetAtomName
    GetAuditedPermissionsFromAcl GetBinaryType GetCPInfoEx GetCalendarInfo GetClassName
    GetClipboardFormatName GetCommandLine GetCompressedFileSize GetCompressedFileSizeTransacted
    GetComputerName GetComputerNameEx GetComputerObjectName GetConsoleAlias GetConsoleAliasExes
    GetConsoleAliasExesLength GetConsoleAliases GetConsoleAliasesLength GetConsoleCommandHistory
    GetConsoleCommandHistoryLength GetConsoleOriginalTitle GetConsoleTitle GetCurrencyFormat
    GetCurrentDirectory GetCurrentHwProfile GetDateFormat GetDefaultCommConfig
    GetDefaultUserProfileDirectory GetDeviceDriverBaseName GetDeviceDriverFileName
    GetDiskFreeSpace GetDiskFreeSpaceEx GetDllDirectory GetDriveType GetEffectiveRightsFromAcl
    GetEnvironmentVariable GetExplicitEntriesFromAcl GetFileAttributes GetFileAttributesEx
    GetFileAttributesTransacted GetFileSecurity GetFileVersionInfo GetFileVersionInfoEx
    GetFileVersionInfoSize GetFileVersionInfoSizeEx GetFinalPathNameByHandle
    GetFirmwareEnvironmentVariable GetFirmwareEnvironmentVariableEx GetFullPathName
    GetFullPathNameTransacted GetGPOList GetGeoInfo GetInheritanceSource GetKeyNameText
    GetLocaleInfo GetLogicalDriveStrings GetLongPathName GetLongPathNameTransacted
    GetMappedFileName GetMessage GetModuleBaseName GetModuleFileName GetModuleFileNameEx
    GetModuleHandle GetModuleHandleEx GetMonitorInfo GetNamedPipeClientComputerName
    GetNamedPipeHandleState GetNamedSecurityInfo GetNumberFormat GetPrivateProfileInt
    GetPrivateProfileSection GetPrivateProfileSectionNames GetPrivateProfileString
    GetPrivateProfileStruct GetProcessImageFileName GetProfileInt GetProfileSection
    GetProfileString GetProfilesDirectory GetProp GetRawInputDeviceInfo GetServiceDisplayName
    GetServiceKeyName GetShortPathName GetStartupInfo GetSystemDirectory
    GetSystemWindowsDirectory GetSystemWow64Directory GetTabbedTextExtent GetTempFileName
    GetTempPath GetTimeFormat GetTrusteeForm GetTrusteeName GetTrusteeType GetUserName
    GetUserNameEx GetUserObjectInformation GetUserProfileDirectory GetVersionEx
    GetVolumeInformation GetVolumeNameForVolumeMountPoint GetVolumePathName
    GetVolumePathNamesForVolumeName GetWindowModuleFileName GetWindowText GetWindowTextLength
    GetWindowsDirectory GlobalAddAtom GlobalAddAtomEx GlobalFindAtom GlobalGetAtomName
    GrayString ILCreateFromPath InetNtop InetPton InitiateShutdown InitiateSystemShutdown
    InitiateSystemShutdownEx IsBadStringPtr IsCharAlpha IsCharAlphaNumeric IsCharLower
    IsCharSpace IsCharUpper IsLFNDrive LCMapString LoadBitmap LoadCursor LoadCursorFromFile
    LoadImage LoadLibrary LoadLibraryEx LoadString LoadUserProfile LogonUser LogonUserEx
    LookupAccountName LookupAccountNameLocal LookupAccountSid LookupAccountSidLocal
    LookupPrivilegeDisplayName LookupPrivilegeName LookupPrivilegeValue
    LookupSecurityDescriptorParts MapVirtualKey MapVirtualKeyEx MessageBox MessageBoxEx
    MessageBoxIndirect MoveFile MoveFileEx MoveFileTransacted MoveFileWithProgress
    NeedCurrentDirectoryForExePath NotifyServiceStatusChange ObjectCloseAuditAlarm
    ObjectDeleteAuditAlarm ObjectOpenAuditAlarm ObjectPrivilegeAuditAlarm OemToChar
    OemToCharBuff OpenBackupEventLog OpenDesktop OpenEncryptedFileRaw OpenEvent OpenEventLog
    OpenFileMapping OpenJobObject OpenMutex OpenSCManager OpenSemaphore OpenService
    OpenWaitableTimer OutputDebugString ParseURL PathAddBackslash PathAddExtension PathAppend
    PathBuildRoot PathCanonicalize PathCombine PathCommonPrefix PathCompactPath
    PathCompactPathEx PathCreateFromUrl PathFileExists PathFindExtension PathFindFileName
    PathFindNextComponent PathFindOnPath PathFindSuffixArray PathGetArgs PathGetCharType
    PathGetDriveNumber PathIsContentType PathIsDirectory PathIsDirectoryEmpty PathIsFileSpec
    PathIsHTMLFile PathIsLFNFileSpec PathIsNetworkPath PathIsPrefix PathIsRelative PathIsRoot
    PathIsSameRoot PathIsSlow PathIsSystemFolder PathIsUNC PathIsUNCServer PathIsUNCServerShare
    PathIsURL PathMatchSpec PathMatchSpecEx PathQuoteSpaces PathRelativePathTo PathRemoveArgs
    PathRemoveBackslash PathRemoveBlanks PathRemoveExtension PathRemoveFileSpec
    PathRenameExtension PathSearchAndQualify PathSkipRoot PathStripPath PathStripToRoot
    PathUnExpandEnvStrings PathUnquoteSpaces PeekConsoleInput PeekMessage PostAppMessage
    PostMessage PostThreadMessage PrivilegedServiceAuditAlarm QueryDosDevice
    QueryFullProcessImageName QueryServiceConfig QueryServiceConfig2 QueryServiceLockStatus
    ReadConsole ReadConsoleInput ReadConsoleOutput ReadConsoleOutputCharacter ReadEventLog
    RealGetWindowClass RegConnectRegistry RegConnectRegistryEx RegCopyTree RegCreateKey
    RegCreateKeyEx RegCreateKeyTransacted RegDeleteKey RegDeleteKeyEx RegDeleteKeyTransacted
    RegDeleteKeyValue RegDeleteTree RegDeleteValue RegEnumKey RegEnumKeyEx RegEnumValue
    RegGetValue RegLoadAppKey RegLoadKey RegLoadMUIString RegOpenKey RegOpenKeyEx
    RegOpenKeyTransacted RegQueryInfoKey RegQueryMultipleValues RegQueryValue RegQueryValueEx
    RegReplaceKey RegRestoreKey RegSaveKey RegSaveKeyEx RegSetKeyValue RegSetValue RegSetValueEx
    RegUnLoadKey RegisterClass RegisterClassEx RegisterClipboardFormat
    RegisterDeviceNotification RegisterEventSource RegisterService WaitNamedPipe
""".split())

IDENTIFIER = re.compile(r"(?<![\w.])(?<!->)([A-Za-z]\w*)\b(\s*\()?")


def check(tree):
    for path, text in tree.sources():
        code = strip_to_code(text)
        for match in IDENTIFIER.finditer(code):
            name, is_call = match[1], match[2] is not None
            if name.endswith("A") and name[:-1] in PAIRS:
                yield Finding(path, line_of(code, match.start()), "%s is an ANSI function" % name,
                              "use %sW" % name[:-1])
            elif is_call and name in PAIRS:
                yield Finding(path, line_of(code, match.start()),
                              "%s may become the ANSI function" % name, "use %sW" % name)
